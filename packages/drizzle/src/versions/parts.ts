import type { Query, SQL } from 'drizzle-orm'

/** A dialect as far as it is touched here. */
export interface DialectParts {
  sqlToQuery(sql: SQL, invokeSource?: unknown): Query
  readonly [method: string]: unknown
}

/** A prepared query as far as it is touched here. */
export interface PreparedParts {
  /** Takes the text, the parameters and, last, what asks the driver; SQLite's of 1.0 before it the method called. */
  queryWithCache?: (text: string, parameters: unknown[], ...rest: unknown[]) => Promise<unknown>
  /** 1.0: past `queryWithCache` where no cache of Drizzle's is switched on. */
  fastPath?: boolean
  readonly mode?: unknown
  /** With placeholders. */
  readonly params?: readonly unknown[]
  /** mysql2: runs the query, past `queryWithCache`. */
  iterator?: (values?: Record<string, unknown>) => AsyncGenerator<unknown>
  /** better-sqlite3: what Drizzle asks the driver with. */
  stmt?: StatementParts
}

/** A statement of better-sqlite3 as far as it is touched here. `raw()` gives one whose rows are lists. */
export interface StatementParts {
  all(...parameters: readonly unknown[]): unknown
  get(...parameters: readonly unknown[]): unknown
  run(...parameters: readonly unknown[]): unknown
  raw(): StatementParts
}

/** The one connection of a driver that answers at once. */
export interface Connection {
  readonly inTransaction: boolean
}

/** A session as far as it is touched here. */
export interface SessionParts {
  dialect: DialectParts
  prepareQuery(...parameters: unknown[]): PreparedParts
  transaction(body: (tx: DbParts) => unknown, config?: unknown): unknown
  count?(sql: unknown, token?: unknown): Promise<unknown>
  batch?(queries: readonly unknown[]): Promise<unknown>
  migrate?(queries: readonly unknown[]): Promise<unknown>
  /** MySQL's of 0.45 asks the driver past `prepareQuery`. */
  all?(sql: unknown): unknown
  readonly client?: unknown
  cache?: unknown
  options?: unknown
}

/** A db or a transaction as far as it is touched here. */
export interface DbParts {
  readonly dialect: DialectParts
  readonly session: SessionParts
  readonly _: {
    readonly schema?: unknown
    readonly fullSchema?: unknown
    readonly tableNamesMap?: unknown
    readonly relations?: unknown
  }
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

/** The connection of a driver that answers at once; undefined for any other. */
export function connectionAtOnce(db: DbParts): Connection | undefined {
  const { resultKind } = db as { resultKind?: unknown }
  return resultKind === 'sync' ? (db.session.client as Connection) : undefined
}

/** Carries over what a db has of its own besides what its constructor makes (`$client`). */
export function carriedOver(from: DbParts, made: DbParts): DbParts {
  for (const key of Reflect.ownKeys(from))
    if (!Object.hasOwn(made, key))
      Object.defineProperty(made, key, Object.getOwnPropertyDescriptor(from, key) ?? {})
  return made
}

/** True where Drizzle's own cache is switched on. */
export function hasNativeCache(session: SessionParts): boolean {
  return session.cache !== undefined && kindsOf(session.cache)[0] !== 'NoopCache'
}
