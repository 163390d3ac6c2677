import { once } from 'node:events'
import { createServer } from 'node:http'
import { Client } from 'pg'
import { migrate } from '../databases/migrate.ts'
import { createDatabase, type Database } from './database.ts'
import { startMariadb } from './mariadb.ts'
import { startPostgres } from './postgres.ts'
import type { Service } from './service.ts'
import { startValkey } from './valkey.ts'

const starters = {
  mariadb: startMariadb,
  postgres: startPostgres,
  valkey: startValkey,
  /** A database with the tables of the repository's schema, to be copied. */
  migrated: startMigrated,
}
type Kind = keyof typeof starters
const isKind = (name: string): name is Kind => Object.hasOwn(starters, name)

/** Where test processes ask for services; set by the process that runs them all. */
const desk = 'LARDER_TEST_SERVICES'

const started = new Map<Kind, Promise<Service>>()

/** Each server starts once, when the first test asks for it. */
function startOnce(kind: Kind): Promise<Service> {
  const running = started.get(kind) ?? starters[kind]()
  started.set(kind, running)
  return running
}

/** The URL of the PostgreSQL that all tests of this run share. Use `createDatabase` on it. */
export const postgresUrl = (): Promise<string> => urlOf('postgres')

/** The URL of the MariaDB that all tests of this run share. Create a database of your own on it. */
export const mariadbUrl = (): Promise<string> => urlOf('mariadb')

/** The URL of the Valkey that all tests of this run share. Keep to keys of your own. */
export const valkeyUrl = (): Promise<string> => urlOf('valkey')

/** Makes a database with the tables of the repository's schema on the PostgreSQL that all tests share. */
export async function createMigratedDatabase(): Promise<Database> {
  const url = await postgresUrl()
  // Only the process that coordinates the others can drop what they copy.
  if (process.env[desk] === undefined) return migrated(url)
  return createDatabase(url, new URL(await urlOf('migrated')).pathname.slice(1))
}

async function migrated(server: string): Promise<Database> {
  const database = await createDatabase(server)
  const client = new Client({ connectionString: database.url })
  await client.connect()
  try {
    await migrate((sql) => client.query(sql))
  } finally {
    await client.end()
  }
  return database
}

async function startMigrated(): Promise<Service> {
  const { url, from } = await startOnce('postgres')
  const database = await migrated(url)
  return { url: database.url, from, stop: database.drop }
}

async function urlOf(kind: Kind): Promise<string> {
  const base = process.env[desk]
  if (base === undefined) return (await startOnce(kind)).url
  const answer = await fetch(`${base}/${kind}`)
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  return text
}

/**
 * Lets the processes started from here share services, each started when it is first asked for.
 * Resolves to the function that stops them all. Does nothing where services are shared already.
 */
export async function shareServices(): Promise<() => Promise<void>> {
  if (process.env[desk] !== undefined) return async () => {}
  const server = createServer(async (request, response) => {
    const kind = request.url?.slice(1) ?? ''
    // A connection kept for the next question may end just as that is asked.
    response.setHeader('connection', 'close')
    try {
      if (!isKind(kind)) throw new Error(`no service is called ${kind}`)
      response.end((await startOnce(kind)).url)
    } catch (error) {
      response.writeHead(500).end(error instanceof Error ? error.message : String(error))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the service desk has no port')
  process.env[desk] = `http://127.0.0.1:${address.port}`
  return async () => {
    delete process.env[desk]
    server.closeAllConnections()
    server.close()
    // Before its server stops.
    await (await started.get('migrated')?.catch(() => undefined))?.stop()
    started.delete('migrated')
    const running = await Promise.allSettled(started.values())
    started.clear()
    await Promise.all(running.map((each) => (each.status === 'fulfilled' ? each.value.stop() : undefined)))
  }
}
