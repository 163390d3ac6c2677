import type { Finding } from './finding.ts'
import { Mistake } from './mistake.ts'
import type { Query } from './postgres/read-catalogue.ts'

/** A connection that reads and changes nothing. */
export interface Connected {
  readonly query: Query
  close(): Promise<void>
}

const PATIENCE = 10_000

/** Connects to the database of a URL. @throws Mistake without the URL, which holds a password. */
export async function connectDatabase(url: string): Promise<Connected> {
  if (!/^postgres(?:ql)?:/.test(url))
    throw new Mistake('the database is not PostgreSQL: doctor reads the catalogue of PostgreSQL only')
  const { Client } = (await import('pg').catch(() => {
    throw new Mistake('pg is not installed beside @larder/doctor: npm install pg')
  })) as typeof import('pg')
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: PATIENCE,
    query_timeout: PATIENCE,
    application_name: 'larder doctor',
  })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('BEGIN READ ONLY')
  } catch (error) {
    await client.end().catch(() => {})
    throw new Mistake(`the database cannot be reached: ${error instanceof Error ? error.message : error}`)
  }
  return {
    query: async (sql) => (await client.query(sql)).rows,
    close: () => client.end(),
  }
}

/** What the servers of a store should be told differently. @throws Mistake when they cannot be asked. */
export async function adviceOf(url: string): Promise<readonly Finding[]> {
  const { valkeyStore } = await import('@larder/valkey').catch(() => {
    throw new Mistake('@larder/valkey is not installed beside @larder/doctor: npm install @larder/valkey')
  })
  const findings: Finding[] = []
  const store = valkeyStore(url)
  try {
    store.open?.({
      namespace: 'larder-doctor',
      follow: false,
      warn: (code, message) =>
        findings.push({
          level: code === 'valkey-volatile-ttl' ? 'danger' : 'warning',
          code,
          subject: 'valkey',
          message,
          fix: 'see docs/valkey.md',
        }),
      ready: () => {},
      changed: () => {},
    })
    await store.ping()
    return findings
  } catch (error) {
    throw new Mistake(error instanceof Error ? error.message : String(error))
  } finally {
    await store.close()
  }
}
