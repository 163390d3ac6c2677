import type { Duration } from '../base/duration.ts'

/** How the reads and writes of one model are cached, as the user writes it. */
export interface PolicyOptions {
  /** Hard lifetime of an entry. Required, finite, above zero. */
  ttl?: Duration
  /** Fraction of `ttl` taken off at random, 0 to 1. Default 0.1. */
  jitter?: number
  /** Lifetime of "not found" and empty results, or `false` to leave them uncached. Default min(ttl, '30s'). */
  cacheEmpty?: Duration | false
  /**
   * What writes of the model do to its own reads: `'invalidate'` (default) ends those that could see them; `'through'`
   * also stores the row written, where nothing else can have changed it, for the plain read of it by a unique key;
   * `'around'` leaves them alone until their `ttl`. Reads of other models are invalidated in any case.
   */
  write?: 'invalidate' | 'through' | 'around'
  /** Who shares a load. `'process'` (default) or `false`; `'cluster'` is not built yet. */
  singleFlight?: 'process' | 'cluster' | false
  /**
   * How long after its beginning another caller's load is waited for; then one of those who wait loads again. Default
   * '5s'. Give more where a load may well take longer.
   */
  joinTimeout?: Duration
  /**
   * What a write does when the store does not acknowledge that it is about to change the model's table: `'proceed'`
   * (default) writes, and other processes may read what was there before; `'reject'` writes nothing. A transaction waits
   * 100 ms in all for the acknowledgement, a write of its own 1 s, and so does everything under `'reject'`.
   */
  onMarkFailure?: 'proceed' | 'reject'
  /** Names of the read operations that are cached. Default: all of the host's reads. */
  operations?: readonly string[]
  /** User tags that every entry of the model carries. */
  tags?: readonly string[]
  /** Tables that triggers on the model's table write. */
  touches?: readonly string[]
  /** Where the model is a view: the tables it reads. */
  reads?: readonly string[]
  /** Extra column sets to pin reads by, as field names of the model. */
  lookupKeys?: readonly (readonly string[])[]
  staleWhileRevalidate?: Duration
  staleIfError?: Duration
  refreshAhead?: number | false
  maxStaleness?: Duration
  maxConcurrentLoads?: number
}

/** A validated policy; all times in milliseconds. */
export interface Policy {
  readonly ttl: number
  readonly jitter: number
  /** Lifetime of empty results; `false`: not cached. */
  readonly cacheEmpty: number | false
  readonly singleFlight: 'process' | false
  readonly joinTimeout: number
  readonly write: 'invalidate' | 'through' | 'around'
  readonly onMarkFailure: 'proceed' | 'reject'
  readonly operations: ReadonlySet<string> | undefined
  readonly tags: readonly string[]
  readonly touches: readonly string[]
  readonly reads: readonly string[]
  readonly lookupKeys: readonly (readonly string[])[]
}
