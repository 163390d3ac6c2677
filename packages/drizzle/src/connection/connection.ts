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
import { type LibsqlFiles, libsqlConnection } from './libsql.ts'
import { mysqlConnection } from './mysql.ts'
import { postgresJsConnection } from './postgres-js.ts'

/** How each driver shows what it is connected to, by the name of Drizzle's session. Undefined: it does not. */
const BY_SESSION: Readonly<
  Record<string, (client: object, files: LibsqlFiles) => ConnectionSource | undefined>
> = {
  NodePgSession: (client) => nodePostgresPool(client) ?? nodePostgresClient(client),
  PostgresJsSession: postgresJsConnection,
  PgliteSession: (client) => pgliteConnection(client),
  MySql2Session: mysqlConnection,
  LibSQLSession: libsqlConnection,
  BetterSQLiteSession: betterSqliteConnection,
}

/** What a db is connected to. `files` is told what files a libSQL db has, as soon as that is known. */
export function connectionOf(session: SessionParts, driver: string, files: LibsqlFiles): ConnectionSource {
  const { client } = session
  if (typeof client !== 'object' && typeof client !== 'function') return hiddenConnection(session)
  const object = client ?? session
  return BY_SESSION[driver]?.(object, files) ?? hiddenConnection(object)
}

function betterSqliteConnection(client: object): ConnectionSource | undefined {
  const { name, memory } = client as { readonly name?: unknown; readonly memory?: unknown }
  if (memory === true) return fixedConnection(objectPlace(client))
  // Of a database opened by its descriptor only the number is known.
  if (typeof name !== 'string' || name.startsWith('fd:')) return undefined
  return fixedConnection(filePlace('sqlite', name))
}
