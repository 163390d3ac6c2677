import {
  type ConnectionSource,
  filePlace,
  fixedConnection,
  hiddenConnection,
  nodePostgresClient,
  nodePostgresPool,
  objectPlace,
  pgliteConnection,
} from '@larder/core/host'
import type { SessionParts } from '../versions/parts.ts'
import { type LibsqlDatabase, libsqlConnection } from './libsql.ts'
import { mysqlConnection } from './mysql.ts'
import { postgresJsConnection } from './postgres-js.ts'

/** Reads what a driver's client is connected to, by the name of Drizzle's session. Undefined: the client hides it. */
const BY_SESSION: Readonly<
  Record<string, (client: object, database: LibsqlDatabase) => ConnectionSource | undefined>
> = {
  NodePgSession: nodePostgresConnection,
  NeonSession: nodePostgresConnection,
  PostgresJsSession: postgresJsConnection,
  PgliteSession: (client) => pgliteConnection(client),
  MySql2Session: mysqlConnection,
  LibSQLSession: libsqlConnection,
  BetterSQLiteSession: betterSqliteConnection,
  SQLJsSession: nodeSqliteConnection,
  NodeSQLiteSession: nodeSqliteConnection,
}

/**
 * What a db is connected to.
 * @param database filled in by the first statement of a libSQL db: see {@link LibsqlDatabase}.
 */
export function connectionOf(
  session: SessionParts,
  driver: string,
  database: LibsqlDatabase,
): ConnectionSource {
  const { client } = session
  if (typeof client !== 'object' && typeof client !== 'function') return hiddenConnection(session)
  const object = client ?? session
  return BY_SESSION[driver]?.(object, database) ?? hiddenConnection(object)
}

function nodePostgresConnection(client: object): ConnectionSource | undefined {
  return nodePostgresPool(client) ?? nodePostgresClient(client)
}

function betterSqliteConnection(client: object): ConnectionSource | undefined {
  const { name, memory } = client as { readonly name?: unknown; readonly memory?: unknown }
  if (memory === true) return fixedConnection(objectPlace(client))
  // A database opened by its descriptor only has a number.
  if (typeof name !== 'string' || name.startsWith('fd:')) return undefined
  return fixedConnection(filePlace('sqlite', name))
}

function nodeSqliteConnection(client: object): ConnectionSource | undefined {
  const { location } = client as { readonly location?: () => string | null }
  if (typeof location !== 'function') return undefined
  const path = location.call(client)
  return fixedConnection(path === null ? objectPlace(client) : filePlace('sqlite', path))
}
