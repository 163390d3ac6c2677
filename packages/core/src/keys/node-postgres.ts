import { type ConnectionSource, connectionFingerprint } from './connection.ts'
import { connectionByParsers } from './parsers.ts'
import { networkPlace } from './place.ts'

/** A client of node-postgres, as far as it is touched here. It is made and never connected. */
interface PgClient {
  readonly host?: unknown
  readonly port?: unknown
  readonly database?: unknown
  readonly user?: unknown
  readonly connectionParameters?: { readonly options?: unknown }
  getTypeParser(oid: number, format: 'text'): unknown
}
type PgClientClass = new (options: object) => PgClient

/** Options that say where a connection goes. The others are not needed, or read files, or are functions of the user. */
const WHERE = ['connectionString', 'host', 'port', 'database', 'user', 'options'] as const

/**
 * What the connections of a pool of node-postgres are: its own class `Client` reads options, URL, environment and defaults.
 * Undefined for what is no such pool. `others`: objects that hold further settings, and settings.
 */
export function nodePostgresPool(
  pool: unknown,
  others: readonly unknown[] = [],
  settings: readonly string[] = [],
): ConnectionSource | undefined {
  const { Client, options } = (pool ?? {}) as { readonly Client?: unknown; readonly options?: unknown }
  const clientClass = ownClass(Client)
  if (!clientClass || typeof options !== 'object' || options === null) return undefined
  return nodePostgresOptions(clientClass, options, others, settings)
}

/** The same for one client, connected or not. */
export function nodePostgresClient(client: unknown): ConnectionSource | undefined {
  if (!isClient(client)) return undefined
  const texts = textsOf(client)
  return (
    texts &&
    watched(client, texts, [...texts.settings, ...connectionFingerprint(client.connectionParameters)])
  )
}

function nodePostgresOptions(
  Client: PgClientClass,
  options: object,
  others: readonly unknown[],
  settings: readonly string[],
): ConnectionSource | undefined {
  const said = [...settings, ...connectionFingerprint(options, ...others)]
  const early = probe(Client, options)
  const first = early && textsOf(early)
  if (!early || !first) return undefined
  const attached = watched(early, first, [...first.settings, ...said])
  const source: { instead?: ConnectionSource } & ConnectionSource = {
    current(thorough) {
      if (thorough || source.instead) return (source.instead ?? attached).current(thorough)
      // Variables of the environment count when a connection is opened: some time between attaching and the first read.
      const late = probe(Client, options)
      const second = (late && textsOf(late)) ?? first
      const before = JSON.stringify(first)
      source.instead =
        JSON.stringify(second) === before
          ? attached
          : watched(early, second, [...second.settings, ...said, `before=${before}`])
      return source.instead.current(thorough)
    },
  }
  return source
}

interface ClientTexts {
  readonly place: string
  readonly settings: readonly string[]
}

function textsOf({ host, port, database, user, connectionParameters }: PgClient): ClientTexts | undefined {
  if (typeof host !== 'string') return undefined
  const place = networkPlace({
    protocol: 'postgres',
    host,
    port: Number(port),
    // Without either the server decides by the user of the process, who is one and the same.
    database: String(database ?? user ?? ''),
  })
  const options = connectionParameters?.options
  return { place, settings: [`user=${String(user ?? '')}`, `options=${String(options ?? '').trim()}`] }
}

function watched(client: PgClient, { place }: ClientTexts, settings: readonly string[]): ConnectionSource {
  const sorted = [...new Set(settings)].sort()
  const describe = (parsers: string) => ({ place, hidden: false, settings: [...sorted, parsers] })
  return { current: connectionByParsers(client, true, describe) }
}

function probe(Client: PgClientClass, options: object): PgClient | undefined {
  const where = WHERE.map((name) => [name, Reflect.get(options, name)] as const)
  const ssl: unknown = Reflect.get(options, 'ssl')
  try {
    return new Client(Object.fromEntries([...where, ['ssl', ssl ? true : ssl]]))
  } catch {
    return undefined
  }
}

/** The driver's own class: a subclass of the user's may do anything when it is made. */
function ownClass(Client: unknown): PgClientClass | undefined {
  let driverClass: PgClientClass | undefined
  for (let at: unknown = Client; isClientClass(at); at = Object.getPrototypeOf(at)) driverClass = at
  return driverClass
}

function isClientClass(value: unknown): value is PgClientClass {
  return typeof value === 'function' && isClient(value.prototype)
}

function isClient(value: unknown): value is PgClient {
  return typeof (value as Partial<PgClient> | null | undefined)?.getTypeParser === 'function'
}
