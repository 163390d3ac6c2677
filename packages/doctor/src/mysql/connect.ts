import { type Connection, loadPackage, TIMEOUT, unreachableDatabase } from '../connection.ts'
import { DoctorError } from '../doctor-error.ts'
import type { Row } from '../query.ts'
import { readMysql } from './read-catalogue.ts'

/** Connects to MySQL or MariaDB. @throws DoctorError with the reason why it cannot. */
export async function connectMysql(url: string): Promise<Connection> {
  const { createConnection } = await loadPackage('mysql2', () => import('mysql2/promise'))
  try {
    const place = new URL(url.replace(/^\w+:/, 'mysql:'))
    if (!/^\/./.test(place.pathname))
      throw new DoctorError('the URL names no database: mysql://user:password@host:3306/database')
    const ssl = tlsOf(place.searchParams)
    const uri = withoutPrismas(place)
    const connection = await createConnection({ uri, connectTimeout: TIMEOUT, ...(ssl && { ssl }) })
    // The error also rejects the statement in progress.
    connection.on('error', () => {})
    const rows = async (sql: string): Promise<readonly Row[]> => {
      const [result] = await connection.query({ sql, timeout: TIMEOUT })
      return Array.isArray(result) ? (result as readonly Row[]) : []
    }
    return {
      async readCatalogue() {
        await rows('START TRANSACTION READ ONLY')
        return await readMysql(rows)
      },
      async close() {
        connection.destroy()
      },
    }
  } catch (error) {
    throw error instanceof DoctorError ? error : unreachableDatabase(error)
  }
}

/** Parameters of a URL that Prisma reads and mysql2 complains about. */
const PRISMAS = [
  ...[
    'connection_limit',
    'pool_timeout',
    'connect_timeout',
    'socket_timeout',
    'max_idle_connection_lifetime',
  ],
  ...['sslaccept', 'sslcert', 'sslidentity', 'sslpassword', 'statement_cache_size'],
]

function withoutPrismas(url: URL): string {
  const bare = new URL(url)
  for (const name of PRISMAS) bare.searchParams.delete(name)
  return bare.href
}

function tlsOf(parameters: URLSearchParams): { rejectUnauthorized: boolean } | undefined {
  const accept = parameters.get('sslaccept')
  return accept === null ? undefined : { rejectUnauthorized: accept === 'strict' }
}
