import { kindsOf, type SessionParts } from '../versions/parts.ts'

/** A driver's client as far as it says how many connections it has. */
interface ClientParts {
  /** Of a pool of node-postgres, and of postgres-js. */
  readonly options?: { readonly max?: unknown }
  /** Of a pool of mysql2. */
  readonly pool?: { readonly config?: { readonly connectionLimit?: unknown } }
  /** Of libSQL. */
  readonly protocol?: unknown
}

/** True for a session whose statements all run on one connection that transactions share. */
export function isSingleConnection(session: SessionParts): boolean {
  const { client } = session
  if (typeof client !== 'object' || client === null) return false
  const kind = kindsOf(session)[0]
  if (kind === 'NodePgSession') return !poolLike(client)
  if (kind === 'MySql2Session') return !('getConnection' in client)
  return false
}

/**
 * True for a session whose driver runs statements in the order in which it is given them: it has one connection, or
 * one file.
 */
export function sendsInOrder(session: SessionParts): boolean {
  const { options, pool, protocol } = (session.client ?? {}) as ClientParts
  switch (kindsOf(session)[0]) {
    case 'PgliteSession':
      return true
    case 'LibSQLSession':
      return protocol === 'file'
    case 'PostgresJsSession':
      return options?.max === 1
    case 'NodePgSession':
      return isSingleConnection(session) || options?.max === 1
    case 'MySql2Session':
      return isSingleConnection(session) || pool?.config?.connectionLimit === 1
    default:
      return false
  }
}

/** As NodePgSession tells them: a Pool, or a class that says so. */
function poolLike(client: object): boolean {
  const prototype = Object.getPrototypeOf(client) as { constructor?: { name?: string } }
  return 'totalCount' in client || prototype.constructor?.name?.includes('Pool') === true
}
