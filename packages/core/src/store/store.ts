import type { TagReply, TagReport, TagReportRequest, TagRequest } from '../tags/tag.ts'

/** What a cache tells the store it begins to use, and what it hears from it. */
export interface StoreContext {
  /** Prefix of every key of this cache. */
  readonly namespace: string
  /** Whether the store should follow changes, and give leases: the memory tier's `push`. */
  readonly follow: boolean
  /** Something the user should change: a `warning` event. `code` is stable. */
  warn(code: string, message: string): void
  /** The store answers again: what waits to be told to it is sent now. */
  ready(): void
  /** Names of records, cells and entries that somebody changed; undefined: any may have been. */
  changed(names: readonly string[] | undefined): void
}

/** Tags to keep alive, and for how long from now, in milliseconds. */
export interface Renewal {
  readonly tags: readonly TagRequest[]
  readonly lifetime: number
}

/** A stored entry. Times in milliseconds, from the store's own clock. */
export interface StoredEntry {
  readonly bytes: Uint8Array
  /** Lifetime left; zero or less: expired. */
  readonly remaining: number
}

/** Entry and tags as one fetch saw them. */
export interface Fetched {
  /** The identity nonces count together with; entries of another epoch never validate. */
  readonly epoch: string
  readonly entry: StoredEntry | null
  readonly tags: readonly TagReply[]
}

/** Puts one write's mark on the tags of one table. */
export interface MarkRequest {
  readonly record: string
  readonly token: string
  /** Fields to mark, created if missing (with the live marks of `list`). Always includes `list`. */
  readonly fields: readonly string[]
  /** Fields the writer knows; every other field found in the record is marked too. */
  readonly known: readonly string[]
  readonly cells: readonly string[]
  /** Lifetime of the mark in milliseconds; a store that cannot outlive its writer may ignore it. */
  readonly lifetime: number
  /** Tags to report on. */
  readonly reportOn?: TagReportRequest
}

/** Takes one write's mark off again. */
export interface FinishRequest {
  readonly record: string
  readonly token: string
  /** Fields left as they are: the writer knew the key and every value when it marked. */
  readonly untouched: readonly string[]
  /** Fields whose mark goes and whose nonce stays, if the mark is still found; else bumped. */
  readonly keep: readonly string[]
  /** Cells bumped. Every field not in `untouched` or `keep` is bumped, its mark found or not. */
  readonly cells: readonly string[]
  /**
   * The write has certainly changed nothing. A cell keeps its nonce if the mark of this write is still found, and then
   * lives for `lifetime` milliseconds, because it may have been going to expire with its last mark; else it is bumped.
   * A store or wrapper that drops this bumps every cell, which is safe.
   */
  readonly unchanged?: { readonly lifetime: number }
  /** Tags to report on; its cells stay. */
  readonly reportOn?: TagReportRequest
}

/** A store in this process, which answers at once: what drivers need that do. Each does as its namesake of {@link Store}. */
export interface SyncStore {
  fetch(entry: string | undefined, tags: readonly TagRequest[]): Fetched
  seed(tags: readonly TagRequest[]): Fetched
  finish(request: FinishRequest): void
  set(entry: string, bytes: Uint8Array, lifetime: number): void
}

/**
 * The port behind which tags and entries live. Every call is harmless if executed late, twice or never.
 * A call may reject: the engine then goes to the database and remembers what it could not do. An error with the code
 * `LARDER_STORE_MOVING` says that keys are just moving between servers: it is no sign that the store is down.
 */
export interface Store {
  /** `'memory'` when hits come from this process, `'store'` otherwise. */
  readonly source: 'memory' | 'store'
  /** Where it is, for warnings: `'valkey at 10.0.0.7:6379'`. Contains no secret. */
  readonly address?: string
  /**
   * What this store and other objects for the same store have in common, in every copy of this module: caches of one
   * process, with one such text and one namespace, then learn of each other's writes at once. No secrets: it is compared.
   * Undefined: the caches of this process learn of each other's writes as other processes do.
   */
  readonly sharedAs?: string
  /** Only a store of this process has it. */
  readonly sync?: SyncStore
  /**
   * Called once by the cache that uses the store, before any other call. Not called when a test drives the store itself.
   * @throws CacheError when a cache of another namespace uses it already.
   */
  open?(context: StoreContext): void
  /** Reads an entry (if a key is given) and tags; each record before its cells. */
  fetch(entry: string | undefined, tags: readonly TagRequest[]): Promise<Fetched>
  /**
   * Creates what is missing of the tags, fields with the live marks of `list`, and returns all states. Those of one
   * request are of one instant, the creation's, as far as its fields and first 100 cells go: what a result named is
   * covered by the `list` seen with it.
   */
  seed(tags: readonly TagRequest[], lifetime: number): Promise<Fetched>
  /** Answers with a report where the request has a `witness` and the store can tell: else nothing is written through. */
  mark(request: MarkRequest): Promise<TagReport | undefined>
  /** Lengthens a mark, re-creating what was lost of it. */
  renew(request: MarkRequest): Promise<unknown>
  /** Answers as `mark` does. */
  finish(request: FinishRequest): Promise<TagReport | undefined>
  /** Stores an entry for `lifetime` milliseconds, unconditionally; tags of `renewal` that are clean live on with it. */
  set(entry: string, bytes: Uint8Array, lifetime: number, renewal?: Renewal): Promise<void>
  /** Starts a new epoch: no entry stored so far validates again. */
  invalidateAll(): Promise<void>
  close(): Promise<void>
}
