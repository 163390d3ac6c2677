import type { TagReply, TagReport, TagReportRequest, TagRequest } from '../tags/tag.ts'
import type { LoadLeases } from './load-leases.ts'
import type { LocalEntry } from './local-entries.ts'

/** A pause of every cache that shares a namespace. */
export interface FleetPause {
  /** Why, as the one who paused it wrote it. May be empty. */
  readonly reason: string
}

/** What a cache passes to its store, and what the store calls back. */
export interface StoreContext {
  /** Prefix of every key of this cache. */
  readonly namespace: string
  /** Whether the store should watch for changes and grant leases. Set for a memory tier with `mode: 'push'`. */
  readonly follow: boolean
  /** Emits a `warning` event about something the user should change. `code` is stable. */
  warn(code: string, message: string): void
  /** The store answers again: the cache sends its journal now. */
  ready(): void
  /** Records, cells and entries that have changed, by name. Undefined: any of them may have. */
  changed(names: readonly string[] | undefined): void
  /**
   * The fleet is paused, or no longer (undefined). To be called when that changes, by any process. Also to be called while
   * `open` runs if the store knows of a pause by then, else before the store answers its first read.
   */
  paused(pause: FleetPause | undefined): void
}

/** Tags to keep alive, and for how long from now, in milliseconds. Part of {@link Store.set}. */
export interface Renewal {
  readonly tags: readonly TagRequest[]
  readonly lifetime: number
}

/** A stored entry. Times are in milliseconds of the store's own clock. */
export interface StoredEntry {
  readonly bytes: Uint8Array
  /** Remaining lifetime. Zero or less: expired. */
  readonly remaining: number
  /** The entry in the memory of this process, beside which its readers keep what they derive from it. */
  readonly local?: LocalEntry
}

/** An entry and tags, read together. */
export interface Fetched {
  /** Nonces are valid within one epoch only: an entry of another epoch never validates. */
  readonly epoch: string
  readonly entry: StoredEntry | null
  readonly tags: readonly TagReply[]
}

/** Sets the mark of one write on the tags of one table. */
export interface MarkRequest {
  readonly record: string
  readonly token: string
  /** Fields to mark. Missing ones are created with the live marks of `list`. Always includes `list`. */
  readonly fields: readonly string[]
  /** Fields that the writer knows. Every other field in the record is marked as well. */
  readonly known: readonly string[]
  readonly cells: readonly string[]
  /** Lifetime of the mark in milliseconds. A store that cannot outlive its writer may ignore it. */
  readonly lifetime: number
  /** Tags to report on. */
  readonly reportOn?: TagReportRequest
}

/** Removes the mark of one write, and gives what it changed a new nonce. */
export interface FinishRequest {
  readonly record: string
  readonly token: string
  /** Fields that stay as they are: the writer knew every value of the key when it set its mark. */
  readonly untouched: readonly string[]
  /** Fields that lose the mark and keep their nonce if the mark is still there. Else they get a new nonce. */
  readonly keep: readonly string[]
  /** Cells that get a new nonce. So does every field that is neither in `untouched` nor in `keep`. */
  readonly cells: readonly string[]
  /**
   * Set if the write has certainly changed nothing. A cell then keeps its nonce if the mark of this write is still there,
   * and lives for `lifetime` milliseconds, because it might have expired with its last mark. Else it gets a new nonce. A
   * store that ignores this option gives every cell a new nonce, which is safe.
   */
  readonly unchanged?: { readonly lifetime: number }
  /** Tags to report on. Their cells are kept. */
  readonly reportOn?: TagReportRequest
}

/** The synchronous methods of a store in this process. Each does what its namesake in {@link Store} does. */
export interface SyncStore {
  fetch(entry: string | undefined, tags: readonly TagRequest[]): Fetched
  seed(tags: readonly TagRequest[]): Fetched
  finish(request: FinishRequest): void
  set(entry: string, bytes: Uint8Array, lifetime: number): void
}

/**
 * Keeps entries and tags. Implement it to connect another server. Every call must be safe if it is executed late, twice or
 * never. A call may reject: reads then go to the database, and finishes go to the journal. Reject with a `CacheError`
 * `LARDER_STORE_MOVING` while keys move between servers: it does not count as an outage.
 */
export interface Store {
  /** `'memory'` if the store is in this process, else `'store'`. It is the `source` of hits. */
  readonly source: 'memory' | 'store'
  /** Address for warnings, without secrets: `'valkey at 10.0.0.7:6379'`. */
  readonly address?: string
  /**
   * Identifies the server behind this object, without secrets. Caches in one process that have the same text and the same
   * namespace see each other's writes at once, even if they come from several copies of this module. Undefined: they see
   * each other's writes as other processes do.
   */
  readonly sharedAs?: string
  /** Synchronous access. Only a store in this process has it. */
  readonly sync?: SyncStore
  /** Leases on loads. Absent: policies with `singleFlight: 'cluster'` are refused. */
  readonly leases?: LoadLeases
  /**
   * Called once by the cache, before any other call. Tests that use the store directly need not call it.
   * @throws CacheError `LARDER_CONFIG` if a cache with another namespace uses the store already.
   */
  open?(context: StoreContext): void
  /**
   * Counts the packets that were sent to a server. Until the next one, equal reads of one turn of the event loop share one call
   * of `fetch`. A store that collects calls counts a packet before it sends it. Absent: every read has a call of its own.
   */
  packetsSent?(): number
  /** Reads an entry, if a key is given, and tags. Each record is read before its cells. */
  fetch(entry: string | undefined, tags: readonly TagRequest[]): Promise<Fetched>
  /**
   * Creates missing tags, fields with the live marks of `list`, and returns the state of all. The fields and the first 100
   * cells of one request are read in the same instant in which they are created, so that the state of `list` also covers
   * cells that only a result named.
   */
  seed(tags: readonly TagRequest[], lifetime: number): Promise<Fetched>
  /** Sets a mark. Resolves to a report if the request has `reportOn` and the store supports it: write-through needs it. */
  mark(request: MarkRequest): Promise<TagReport | undefined>
  /** Extends a mark, and restores what was lost of it. */
  renew(request: MarkRequest): Promise<unknown>
  /** Removes a mark. Resolves as `mark` does. */
  finish(request: FinishRequest): Promise<TagReport | undefined>
  /** Stores an entry for `lifetime` milliseconds, unconditionally. Clean tags in `renewal` live on with it. */
  set(entry: string, bytes: Uint8Array, lifetime: number, renewal?: Renewal): Promise<void>
  /** Invalidates everything by starting a new epoch. */
  invalidateAll(): Promise<void>
  /**
   * Pauses every cache that uses this namespace, in every process, and those that start later. Each is told by
   * `StoreContext.paused` within two seconds, and the caches of this store before the promise resolves. Another pause replaces
   * the reason. Absent: `cache.pause` refuses `{ fleet: true }`.
   */
  pause?(reason: string): Promise<void>
  /** Ends the pause. Does nothing if there is none. */
  resume?(): Promise<void>
  close(): Promise<void>
}
