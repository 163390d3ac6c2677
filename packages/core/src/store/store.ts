import type { TagReply, TagRequest } from '../tags/tag.ts'

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
}

/**
 * The port behind which tags and entries live. Every call is harmless if executed late, twice or never.
 * A call may reject: the engine then goes to the database and remembers what it could not do.
 */
export interface Store {
  /** `'memory'` when hits come from this process, `'store'` otherwise. */
  readonly source: 'memory' | 'store'
  /** Reads an entry (if a key is given) and tags; each record before its cells. */
  fetch(entry: string | undefined, tags: readonly TagRequest[]): Promise<Fetched>
  /** Creates what is missing of the tags, fields with the live marks of `list`, and returns all states. */
  seed(tags: readonly TagRequest[], lifetime: number): Promise<Fetched>
  mark(request: MarkRequest): Promise<void>
  /** Lengthens a mark, re-creating what was lost of it. */
  renew(request: MarkRequest): Promise<void>
  finish(request: FinishRequest): Promise<void>
  /** Stores an entry for `lifetime` milliseconds, unconditionally. */
  set(entry: string, bytes: Uint8Array, lifetime: number): Promise<void>
  /** Starts a new epoch: no entry stored so far validates again. */
  invalidateAll(): Promise<void>
  close(): Promise<void>
}
