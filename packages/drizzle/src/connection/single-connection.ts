import { entityKinds, type SessionParts } from '../versions/parts.ts'

/** The part of a driver's client that shows how many connections it has. */
interface ClientParts {
  /** A pool of node-postgres, or postgres-js. */
  readonly options?: { readonly max?: unknown }
  /** A pool of mysql2. */
  readonly pool?: { readonly config?: { readonly connectionLimit?: unknown } }
  /** libSQL. */
  readonly protocol?: unknown
}

/** True if all statements of a session run on one connection, transactions included. */
export function sharesConnection(session: SessionParts): boolean {
  const { client } = session
  if (typeof client !== 'object' || client === null) return false
  const kind = entityKinds(session)[0]
  if (kind === 'NodePgSession' || kind === 'NeonSession') return !isPool(client)
  if (kind === 'MySql2Session') return !('getConnection' in client)
  return false
}

/** True if the driver runs statements in the order of the calls, because it has one connection or one file. */
export function runsInOrder(session: SessionParts): boolean {
  const { options, pool, protocol } = (session.client ?? {}) as ClientParts
  switch (entityKinds(session)[0]) {
    case 'PgliteSession':
      return true
    case 'LibSQLSession':
      return protocol === 'file'
    case 'PostgresJsSession':
      return options?.max === 1
    case 'NodePgSession':
    case 'NeonSession':
      return sharesConnection(session) || options?.max === 1
    case 'MySql2Session':
      return sharesConnection(session) || pool?.config?.connectionLimit === 1
    default:
      return false
  }
}

/** Drizzle's NodePgSession decides in the same way: a Pool, or a class with that word in its name. */
function isPool(client: object): boolean {
  const prototype = Object.getPrototypeOf(client) as { constructor?: { name?: string } }
  return 'totalCount' in client || prototype.constructor?.name?.includes('Pool') === true
}
