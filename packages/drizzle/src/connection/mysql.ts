import { type ConnectionSource, fixedConnection, networkPlace } from '@larder/core/host'

/** What mysql2 has made of its options; the same object in a pool and in a connection. */
type MysqlConfig = Readonly<Record<string, unknown>>

interface MysqlClient {
  /** Of a pool it is around the options of connections. */
  readonly config?: MysqlConfig & { readonly connectionConfig?: MysqlConfig }
  /** Of a client with promises, the one with callbacks. */
  readonly pool?: MysqlClient
  readonly connection?: MysqlClient
}

/** Options that change what values a row has. `typeCast` is Drizzle's own in every query. */
const FORMS = [
  'timezone',
  'dateStrings',
  'supportBigNumbers',
  'bigNumberStrings',
  'decimalNumbers',
  'jsonStrings',
  'charsetNumber',
  'nestTables',
] as const

/** The user does not count: MySQL has no row-level security. */
export function mysqlConnection(client: object): ConnectionSource | undefined {
  const config = configOf(client as MysqlClient)
  if (!config || typeof config.host !== 'string') return undefined
  const { host, port, socketPath, database } = config
  // A socket takes the place of host and port.
  const at =
    typeof socketPath === 'string' && socketPath
      ? { host: socketPath, port: '' }
      : { host, port: Number(port) }
  const place = networkPlace({ protocol: 'mysql', ...at, database: String(database ?? '') })
  return fixedConnection(
    place,
    FORMS.map((name) => `${name}=${shown(config[name])}`),
  )
}

function configOf({ config, pool, connection }: MysqlClient): MysqlConfig | undefined {
  const own = config ?? pool?.config ?? connection?.config
  return own?.connectionConfig ?? own
}

function shown(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
