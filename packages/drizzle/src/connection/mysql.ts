import { type ConnectionSource, fixedConnection, networkPlace } from '@larder/core/host'

/** The options of mysql2 after it has parsed them. A pool and its connections share the object. */
type MysqlConfig = Readonly<Record<string, unknown>>

interface MysqlClient {
  /** In a pool it contains the options of the connections. */
  readonly config?: MysqlConfig & { readonly connectionConfig?: MysqlConfig }
  /** The callback client inside a promise client. */
  readonly pool?: MysqlClient
  readonly connection?: MysqlClient
}

/** Options that change the values of a row. Drizzle sets `typeCast` itself in every query. */
const VALUE_OPTIONS = [
  'timezone',
  'dateStrings',
  'supportBigNumbers',
  'bigNumberStrings',
  'decimalNumbers',
  'jsonStrings',
  'charsetNumber',
  'nestTables',
] as const

/** Ignores the user, because MySQL has no row-level security. */
export function mysqlConnection(client: object): ConnectionSource | undefined {
  const config = configOf(client as MysqlClient)
  if (!config || typeof config.host !== 'string') return undefined
  const { host, port, socketPath, database } = config
  // A socket replaces host and port.
  const address =
    typeof socketPath === 'string' && socketPath
      ? { host: socketPath, port: '' }
      : { host, port: Number(port) }
  const place = networkPlace({ protocol: 'mysql', ...address, database: String(database ?? '') })
  return fixedConnection(
    place,
    VALUE_OPTIONS.map((name) => `${name}=${textOf(config[name])}`),
  )
}

function configOf({ config, pool, connection }: MysqlClient): MysqlConfig | undefined {
  const options = config ?? pool?.config ?? connection?.config
  return options?.connectionConfig ?? options
}

function textOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
