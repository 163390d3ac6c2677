import {
  type Connection,
  type ConnectionSource,
  filePlace,
  networkPlace,
  objectPlace,
} from '@larder/core/host'

/** A connection that its driver shows once it is connected. */
export interface ConnectedSource extends ConnectionSource {
  /** Inspects an adapter that has just been connected, before anything else is sent over it. */
  connected(adapter: object): void
}

/**
 * Creates a source whose entries belong to this process alone until the driver has shown its database. That is at the
 * latest with the second statement, so the first reads of a process go to the database.
 * @param clients `'several'` if more than one client may connect through the adapter. If their databases differ, which
 * happens in memory only, all of these clients bypass the cache.
 */
export function connectedSource(clients: 'one' | 'several'): ConnectedSource {
  const place = objectPlace({})
  let connection: Connection | undefined = { place, hidden: false, provisional: true, settings: [] }
  const connected = Promise.withResolvers<void>()
  const shown = (database: ShownDatabase | undefined): void => {
    const next: Connection = database ? { ...database, hidden: false } : { place, hidden: true, settings: [] }
    connected.resolve()
    if (!connection || isSame(connection, next)) return
    connection = clients === 'several' && !connection.provisional ? undefined : next
  }
  return {
    current: () => connection,
    whenKnown: connected.promise,
    connected: (adapter) => inspect(adapter, shown),
  }
}

function isSame(one: Connection, other: Connection): boolean {
  return (
    !one.provisional &&
    one.hidden === other.hidden &&
    one.place === other.place &&
    one.settings.join() === other.settings.join()
  )
}

interface ShownDatabase {
  readonly place: string
  readonly settings: readonly string[]
}

type Show = (database: ShownDatabase | undefined) => void

/** A connected adapter, as far as it is read here. */
interface ConnectedAdapter {
  readonly adapterName?: unknown
  readonly client?: object
  /** Of the adapters of SQLite. */
  readonly adapterOptions?: Options
  /** Of MariaDB's. */
  readonly mariadbOptions?: Options
  queryRaw?(query: object): Promise<{ readonly rows: readonly (readonly unknown[])[] }>
}

type Options = Readonly<Record<string, unknown>> | undefined

const BY_ADAPTER: Readonly<Record<string, (adapter: ConnectedAdapter, show: Show) => void>> = {
  '@prisma/adapter-mariadb': inspectMariadb,
  '@prisma/adapter-better-sqlite3': inspectBetterSqlite,
  '@prisma/adapter-libsql': inspectLibsql,
}

function inspect(adapter: ConnectedAdapter, show: Show): void {
  const inspectOne = BY_ADAPTER[String(adapter.adapterName)]
  if (inspectOne) inspectOne(adapter, show)
  else show(undefined)
}

/** Options of the driver that change rows or the form of values. */
const FORMS = [
  'initSql',
  'sessionVariables',
  'timezone',
  'charset',
  'nestTables',
  'supportBigNumbers',
  'bigNumberStrings',
  'bigIntAsNumber',
  'decimalAsNumber',
  'checkNumberRange',
] as const

/**
 * The pool hides its options, but shows each connection that it hands out, with the options as the driver understood
 * them. The user does not count: MySQL has no row-level security.
 */
function inspectMariadb({ client, mariadbOptions }: ConnectedAdapter, show: Show): void {
  const pool = client as { once?(event: 'acquire', listener: (connection: unknown) => void): unknown }
  if (typeof pool?.once !== 'function') {
    show(undefined)
    return
  }
  pool.once('acquire', (connection) => {
    const { opts } = (connection ?? {}) as { readonly opts?: Options }
    show(opts && mariadbDatabase(opts, mariadbOptions))
  })
}

function mariadbDatabase(options: NonNullable<Options>, adapterOptions: Options): ShownDatabase | undefined {
  const { host, port, socketPath, database, stream, collation } = options
  if (typeof host !== 'string' || stream) return undefined
  // A socket takes the place of host and port.
  const at =
    typeof socketPath === 'string' && socketPath
      ? { host: socketPath, port: '' }
      : { host, port: Number(port) }
  const { useTextProtocol, database: schema } = adapterOptions ?? {}
  const settings = {
    ...Object.fromEntries(FORMS.map((name) => [name, options[name]])),
    collation: (collation as { readonly name?: unknown } | undefined)?.name,
    useTextProtocol,
    schema,
  }
  return {
    place: networkPlace({ protocol: 'mysql', ...at, database: String(database ?? '') }),
    settings: Object.entries(settings).map(([name, value]) => `${name}=${JSON.stringify(value)}`),
  }
}

function inspectBetterSqlite({ client, adapterOptions }: ConnectedAdapter, show: Show): void {
  const { name, memory } = (client ?? {}) as { readonly name?: unknown; readonly memory?: unknown }
  if (!client || typeof name !== 'string') {
    show(undefined)
    return
  }
  show({
    place: memory === true ? objectPlace(client) : filePlace('sqlite', name),
    settings: timestampsOf(adapterOptions),
  })
}

/** A local client hides its path, but a PRAGMA shows it without a lock. A client of a server shows nothing. */
function inspectLibsql(adapter: ConnectedAdapter, show: Show): void {
  const { client, adapterOptions } = adapter
  if ((client as { readonly protocol?: unknown } | undefined)?.protocol !== 'file') {
    show(undefined)
    return
  }
  const query = { sql: 'PRAGMA database_list', args: [], argTypes: [] }
  // Nobody awaits it. It is sent before the first statement of the client, so it changes no order.
  adapter.queryRaw?.(query).then(
    ({ rows }) => {
      const files = rows.map((row) => String(row[2] ?? '')).filter(Boolean)
      show({
        place: files.length ? filePlace('sqlite', files.join(' ')) : objectPlace(client ?? adapter),
        settings: [`integers=${typeof rows[0]?.[0]}`, ...timestampsOf(adapterOptions)],
      })
    },
    () => show(undefined),
  )
}

function timestampsOf(options: Options): readonly string[] {
  return [`timestampFormat=${String(options?.timestampFormat ?? 'iso8601')}`]
}
