import type { Query, SQL } from 'drizzle-orm'

/** The part of a dialect that Larder uses. */
export interface DialectParts {
  sqlToQuery(sql: SQL, invokeSource?: unknown): Query
  readonly [method: string]: unknown
}

/** The part of a prepared query that Larder uses. */
export interface PreparedParts {
  /** Takes the text, the parameters and a function that asks the driver. In SQLite of 1.0 the method precedes it. */
  queryWithCache?: (text: string, parameters: unknown[], ...rest: unknown[]) => Promise<unknown>
  /** 1.0: skips `queryWithCache` unless Drizzle's own cache is enabled. */
  fastPath?: boolean
  readonly mode?: unknown
  /** With placeholders. In 1.0 they are in `query`. */
  readonly params?: readonly unknown[]
  readonly query?: { readonly params: readonly unknown[] }
  /** mysql2: runs the query without `queryWithCache`. */
  iterator?: (values?: Record<string, unknown>) => AsyncGenerator<unknown>
  /** 0.45 with better-sqlite3: the statement of the driver. */
  stmt?: StatementParts
  /** 1.0 with SQLite: asks the driver for lists of values if `mode` is `'arrays'`, or else for objects. */
  executors?: SqliteExecutors
}

/** How a prepared query of SQLite in 1.0 asks the driver. */
export interface SqliteExecutors {
  all(parameters: readonly unknown[]): unknown
  get(parameters: readonly unknown[]): unknown
  run(parameters: readonly unknown[]): unknown
}

/** The part of a better-sqlite3 statement that Larder uses. `raw()` returns one whose rows are lists. */
export interface StatementParts {
  all(...parameters: readonly unknown[]): unknown
  get(...parameters: readonly unknown[]): unknown
  run(...parameters: readonly unknown[]): unknown
  raw(): StatementParts
}

/** The one connection of a synchronous driver. */
export interface SyncConnection {
  readonly inTransaction: boolean
}

/** The part of a session that Larder uses. */
export interface SessionParts {
  dialect: DialectParts
  prepareQuery(...parameters: unknown[]): PreparedParts
  transaction(body: (tx: DbParts) => unknown, config?: unknown): unknown
  count?(sql: unknown, token?: unknown): Promise<unknown>
  batch?(queries: readonly unknown[]): Promise<unknown>
  migrate?(queries: readonly unknown[]): Promise<unknown>
  /** MySQL of 0.45: asks the driver without `prepareQuery`. */
  all?(sql: unknown): unknown
  readonly client?: unknown
  cache?: unknown
  options?: unknown
}

/** The part of a db, or of a transaction, that Larder uses. */
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

/** The class names of a Drizzle object, from its own class up. */
export function entityKinds(value: unknown): readonly string[] {
  const kinds: string[] = []
  let prototype: unknown =
    typeof value === 'object' && value !== null ? Object.getPrototypeOf(value) : undefined
  while (typeof prototype === 'object' && prototype !== null && prototype !== Object.prototype) {
    const owner: unknown = Object.hasOwn(prototype, 'constructor') ? prototype.constructor : undefined
    const kind: unknown =
      typeof owner === 'function' ? (owner as unknown as Record<symbol, unknown>)[ENTITY] : undefined
    if (typeof kind === 'string' && kinds.at(-1) !== kind) kinds.push(kind)
    prototype = Object.getPrototypeOf(prototype)
  }
  return kinds
}

/** True for the db of a transaction. */
export function isTransaction(db: object): boolean {
  return 'nestedIndex' in db && typeof (db as { rollback?: unknown }).rollback === 'function'
}

/** True for a db of a synchronous driver. */
export function isSync(db: DbParts): boolean {
  return (db as { resultKind?: unknown }).resultKind === 'sync'
}

/** The connection of a synchronous driver. Undefined for any other driver, and for one that does not show its transactions. */
export function syncConnectionOf(db: DbParts): SyncConnection | undefined {
  if (!isSync(db)) return undefined
  const client = db.session.client as Partial<SyncConnection> & { readonly isTransaction?: unknown }
  if (typeof client.inTransaction === 'boolean') return client as SyncConnection
  if (typeof client.isTransaction !== 'boolean') return undefined
  // node:sqlite.
  return {
    get inTransaction() {
      return client.isTransaction === true
    },
  }
}

/** Copies the properties of a db that its constructor does not set (`$client`). */
export function copyOwnProperties(from: DbParts, to: DbParts): DbParts {
  for (const key of Reflect.ownKeys(from))
    if (!Object.hasOwn(to, key))
      Object.defineProperty(to, key, Object.getOwnPropertyDescriptor(from, key) ?? {})
  return to
}

/** True if Drizzle's own cache is enabled. */
export function hasNativeCache(session: SessionParts): boolean {
  return session.cache !== undefined && entityKinds(session.cache)[0] !== 'NoopCache'
}
