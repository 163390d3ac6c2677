import type { DialectParts } from './dialect.ts'

/** A prepared query as far as it is touched here. Synchronous drivers have no `queryWithCache`. */
export interface PreparedParts {
  queryWithCache?: (text: string, parameters: unknown[], query: () => Promise<unknown>) => Promise<unknown>
  readonly mode?: 'sync' | 'async'
}

/** A session as far as it is touched here. */
export interface SessionParts {
  dialect: DialectParts
  prepareQuery(...parameters: unknown[]): PreparedParts
  transaction(body: (tx: DbParts) => unknown, config?: unknown): unknown
  count?(sql: unknown, token?: unknown): Promise<unknown>
  batch?(queries: readonly unknown[]): Promise<unknown>
  migrate?(queries: readonly unknown[]): Promise<unknown>
  readonly client?: unknown
  cache?: unknown
  options?: unknown
}

/** A db or a transaction as far as it is touched here. */
export interface DbParts {
  readonly dialect: DialectParts
  readonly session: SessionParts
  readonly _: { readonly schema?: unknown; readonly fullSchema?: unknown; readonly tableNamesMap?: unknown }
  readonly $client?: unknown
  $cache?: unknown
  transaction(body: (tx: DbParts) => unknown, config?: unknown): unknown
}

const ENTITY = Symbol.for('drizzle:entityKind')

/** Names of the classes of a Drizzle object, from its own up. */
export function kindsOf(value: unknown): readonly string[] {
  const kinds: string[] = []
  let at: unknown = typeof value === 'object' && value !== null ? Object.getPrototypeOf(value) : undefined
  while (typeof at === 'object' && at !== null && at !== Object.prototype) {
    const owner: unknown = Object.hasOwn(at, 'constructor') ? at.constructor : undefined
    const kind: unknown =
      typeof owner === 'function' ? (owner as unknown as Record<symbol, unknown>)[ENTITY] : undefined
    if (typeof kind === 'string' && kinds.at(-1) !== kind) kinds.push(kind)
    at = Object.getPrototypeOf(at)
  }
  return kinds
}

/** True for the db of a transaction. */
export function isTransaction(db: object): boolean {
  return 'nestedIndex' in db && typeof (db as { rollback?: unknown }).rollback === 'function'
}

/** True for a session whose statements all run on one connection that transactions share. */
export function isSingleConnection(session: SessionParts): boolean {
  const { client } = session
  if (typeof client !== 'object' || client === null) return false
  const kind = kindsOf(session)[0]
  if (kind === 'NodePgSession') return !poolLike(client)
  if (kind === 'MySql2Session') return !('getConnection' in client)
  return kind === 'BetterSQLiteSession' || kind === 'SQLJsSession'
}

/** As NodePgSession tells them: a Pool, or a class that says so. */
function poolLike(client: object): boolean {
  const prototype = Object.getPrototypeOf(client) as { constructor?: { name?: string } }
  return 'totalCount' in client || prototype.constructor?.name?.includes('Pool') === true
}

/**
 * A db of the same class over another dialect and session. Its builders of relational queries are made anew, since they
 * hold on to the session; what the given db carries besides (`$client`) is carried over.
 */
export function sameDbOver(db: DbParts, dialect: DialectParts, session: SessionParts): DbParts {
  const { schema, fullSchema, tableNamesMap } = db._
  const config = schema ? { schema, fullSchema, tableNamesMap } : undefined
  const Db = db.constructor as new (...parameters: readonly unknown[]) => DbParts
  const { resultKind, mode } = db as { resultKind?: unknown; mode?: unknown }
  const made =
    'resultKind' in db
      ? new Db(resultKind, dialect, session, config)
      : 'mode' in db
        ? new Db(dialect, session, config, mode)
        : new Db(dialect, session, config)
  for (const key of Reflect.ownKeys(db))
    if (!Object.hasOwn(made, key))
      Object.defineProperty(made, key, Object.getOwnPropertyDescriptor(db, key) ?? {})
  return made
}

/** True where Drizzle's own cache is switched on. */
export function hasNativeCache(session: SessionParts): boolean {
  return session.cache !== undefined && kindsOf(session.cache)[0] !== 'NoopCache'
}
