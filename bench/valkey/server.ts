import { startValkey } from '@larder/testing'
import { Redis } from 'iovalkey'
import { noteServer } from '../machine.ts'

/** The server of a run, and what the run keeps on it. */
export interface Server {
  readonly url: string
  /** In the name of every key of this run. */
  readonly prefix: string
  /** A client for everything that is not timed through a cache. */
  readonly client: Redis
  /** A further client, as an application would make it. */
  connect(database?: number): Redis
  /** The server's URL with another database number. */
  at(database: number): string
  /** In a line, for the reader. Without the URL, which may hold a password. */
  readonly description: string
  /** Removes the keys of this run, closes the clients, and stops the server if it was started here. */
  close(): Promise<void>
}

/** Finds the server at `VALKEY_URL`, or starts one on loopback that ends with this process. */
export async function openServer(): Promise<Server> {
  const service = await startValkey()
  const clients: Redis[] = []
  const at = (database: number): string => {
    const url = new URL(service.url)
    url.pathname = `/${database}`
    return url.href
  }
  const connect = (database?: number): Redis => {
    const url = database === undefined ? service.url : at(database)
    // iovalkey knows the older name of the scheme only.
    const client = new Redis(url.replace(/^valkey/, 'redis'))
    // Without a listener iovalkey prints each; a call that fails says so itself.
    client.on('error', () => {})
    clients.push(client)
    return client
  }
  const prefix = `bench${letters()}`
  const client = connect()
  const info = await client.info('server')
  // A Valkey reports the version of Redis that it is compatible with first, and its own after it.
  const [, name = 'valkey', version = '?'] = [...info.matchAll(/(valkey|redis)_version:(\S+)/g)].at(-1) ?? []
  noteServer(name, version)
  return {
    url: service.url,
    prefix,
    client,
    connect,
    at,
    description: `${name} ${version}, ${service.from === 'environment' ? 'at VALKEY_URL' : `started for this run (${service.from})`}`,
    async close() {
      await removeAll(client, prefix)
      for (const each of clients) each.disconnect()
      await service.stop()
    },
  }
}

/** Letters alone: some spell a name their own way, and its keys would not be found again. */
function letters(): string {
  return String.fromCharCode(...crypto.getRandomValues(new Uint8Array(8)).map((byte) => 97 + (byte % 26)))
}

const PAGE = 1_000

/** Names of the keys of this run. SCAN is for a benchmark; no cache should. */
export async function keysOf(client: Redis, prefix: string): Promise<string[]> {
  const keys: string[] = []
  let cursor = '0'
  do {
    const [next, found] = await client.scan(cursor, 'MATCH', `*${prefix}*`, 'COUNT', PAGE)
    cursor = next
    keys.push(...found)
  } while (cursor !== '0')
  return keys
}

async function removeAll(client: Redis, prefix: string): Promise<void> {
  const keys = await keysOf(client, prefix)
  for (let from = 0; from < keys.length; from += PAGE) {
    await Promise.all(keys.slice(from, from + PAGE).map((key) => client.unlink(key)))
  }
}
