import type { Duration } from '../base/duration.ts'

/** How the reads of one model are cached, and what its writes do. */
export interface PolicyOptions {
  /** Lifetime of an entry. Required, finite and greater than zero. */
  ttl?: Duration
  /** Fraction of `ttl`, from 0 to 1, up to which lifetimes are shortened at random. Default 0.1. */
  jitter?: number
  /** Lifetime of "not found" and empty results; `false` does not cache them. Default: the smaller of `ttl` and `'30s'`. */
  cacheEmpty?: Duration | false
  /**
   * What a write of the model does to cached reads of the same model. Reads of other models are always invalidated.
   * - `'invalidate'` (default): invalidates every result that could contain the written rows.
   * - `'through'`: invalidates as above, and caches the written row for plain reads by a unique key, if no other write can
   *   have changed it since.
   * - `'around'`: leaves them until their `ttl`.
   */
  write?: 'invalidate' | 'through' | 'around'
  /**
   * `'process'` (default): callers in one process that miss the same entry share one load. `'cluster'`: so do the callers in
   * all processes that use the store. `false`: each loads alone.
   */
  singleFlight?: 'process' | 'cluster' | false
  /**
   * How long callers wait for the load of another caller, counted from its start. Then one of them loads again. Default
   * `'5s'`. Set it higher if loads regularly take longer.
   */
  joinTimeout?: Duration
  /**
   * What a write does when the store does not acknowledge its mark. `'proceed'` (default): it runs, and other processes may
   * read the old rows until the invalidation arrives. `'reject'`: it throws `LARDER_MARK_FAILED` and writes nothing. A
   * transaction waits at most 100 ms in total for its marks; a single write, and everything under `'reject'`, at most 1 s.
   */
  onMarkFailure?: 'proceed' | 'reject'
  /** Read operations that are cached, by name. Default: all. */
  operations?: readonly string[]
  /** Tags that every entry of the model carries, for `cache.invalidate({ tags })`. */
  tags?: readonly string[]
  /** Tables that triggers on the model's table write to. */
  touches?: readonly string[]
  /** If the model is a view: the tables it reads. */
  reads?: readonly string[]
  /** Further sets of fields by which reads of the model look up rows. */
  lookupKeys?: readonly (readonly string[])[]
  /**
   * How long after its lifetime an entry may still be served, while one caller per process loads it again in the
   * background. An invalidated entry is never served. Default 0: an expired entry is not served.
   */
  staleWhileRevalidate?: Duration
  /**
   * How long after its lifetime an entry is served if the database cannot be reached or does not answer in time. An
   * invalidated entry is never served, and an error of the query itself is passed on. Default 0: the error is passed on.
   */
  staleIfError?: Duration
  /**
   * Refreshes an entry in the background before it expires: the more likely, the closer its end and the longer its load
   * takes. The value is the factor of XFetch: 2 refreshes twice as early. `false` refreshes nothing ahead. A refreshed
   * entry is fresh. Default 1.
   */
  refreshAhead?: number | false
  /**
   * Serves a result that was current at most this long ago without asking the store, also if another process has
   * changed it since. A process sees its own writes at once. Default 0: every result is compared with the store.
   */
  maxStaleness?: Duration
  /**
   * Maximum number of loads of the model that run at once in one process and cache. Further loads wait in a queue, also
   * while the store is not available. Default: no limit.
   */
  maxConcurrentLoads?: number
  /** How long a load waits in that queue. Default `'5s'`. */
  loadQueueTimeout?: Duration
  /**
   * What happens after that time. `'reject'` (default): the read throws `LARDER_OVERLOADED` and sends no query. `'proceed'`: it
   * sends its query, past the limit.
   */
  onOverload?: 'reject' | 'proceed'
}

/** A validated policy; all times in milliseconds. */
export interface Policy {
  readonly ttl: number
  readonly jitter: number
  /** Lifetime of empty results; `false`: not cached. */
  readonly cacheEmpty: number | false
  readonly singleFlight: 'process' | 'cluster' | false
  readonly joinTimeout: number
  readonly write: 'invalidate' | 'through' | 'around'
  readonly onMarkFailure: 'proceed' | 'reject'
  readonly staleWhileRevalidate: number
  readonly staleIfError: number
  /** The factor of XFetch; 0: no refresh ahead. */
  readonly refreshAhead: number
  readonly maxStaleness: number
  /** Undefined: no limit. */
  readonly maxConcurrentLoads: number | undefined
  readonly loadQueueTimeout: number
  readonly onOverload: 'reject' | 'proceed'
  readonly operations: ReadonlySet<string> | undefined
  readonly tags: readonly string[]
  readonly touches: readonly string[]
  readonly reads: readonly string[]
  readonly lookupKeys: readonly (readonly string[])[]
}
