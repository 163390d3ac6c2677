import { once } from 'node:events'
import { createServer } from 'node:http'
import { startMariadb } from './mariadb.ts'
import { startPostgres } from './postgres.ts'
import type { Service } from './service.ts'
import { startValkey } from './valkey.ts'

const starters = { mariadb: startMariadb, postgres: startPostgres, valkey: startValkey }
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
    const running = await Promise.allSettled(started.values())
    started.clear()
    await Promise.all(running.map((each) => (each.status === 'fulfilled' ? each.value.stop() : undefined)))
  }
}
