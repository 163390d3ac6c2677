/** A lease on the load of one entry, and the process that asks for it. Times are in milliseconds. */
export interface LeaseRequest {
  /** Key of the entry. The lease is kept beside it, in its slot. */
  readonly entry: string
  /** Tells loads of the entry that may be shared from others: a digest of the nonces of its tags. */
  readonly load: string
  /** Tells this holder from all others. */
  readonly token: string
  /** How long the lease lasts if it is not renewed. */
  readonly lifetime: number
}

/**
 * What a process is told that asks for a lease:
 * - `acquired`: it holds the lease now.
 * - `held`: another process does, for `remaining` milliseconds if it does not renew it.
 * - `stored`: the last holder has stored the entry a moment ago.
 */
export type LeaseState =
  | { readonly kind: 'acquired' }
  | { readonly kind: 'held'; readonly remaining: number }
  | { readonly kind: 'stored' }

/** How a load under a lease ended: its entry is stored, or may not be stored, or the load failed. */
export type LeaseEnd = 'stored' | 'unstored' | 'failed'

/** Messages about the end of one lease, as far as they arrive. */
export interface LeaseMessages {
  /** Resolves when no later message can be missed. Rejects, or never resolves, where messages cannot be had. */
  readonly ready: Promise<void>
  stop(): void
}

/**
 * Leases on loads, for `singleFlight: 'cluster'`: while one process loads an entry, others wait for it. Correctness does not
 * depend on them, so all calls are safe if they are executed late, twice or never.
 */
export interface LoadLeases {
  /** Takes the lease, if nobody holds it and the entry was not stored a moment ago. */
  acquire(request: LeaseRequest): Promise<LeaseState>
  /**
   * The same, and notes that somebody waits: the end of the lease is then announced.
   * @param always true to take the lease although the entry was stored a moment ago.
   */
  join(request: LeaseRequest, always: boolean): Promise<LeaseState>
  /** Extends the lease. Resolves to false if it has been lost. */
  renew(request: LeaseRequest): Promise<boolean>
  /** Ends the lease, if it is still held. Call it when the entry has been sent. */
  release(request: LeaseRequest, end: LeaseEnd): Promise<void>
  /** Calls `ended` for each announcement of the end of this lease, until it is stopped. */
  subscribe(request: Pick<LeaseRequest, 'entry' | 'load'>, ended: (end: LeaseEnd) => void): LeaseMessages
}

/**
 * How long it is remembered that an entry was stored, in milliseconds: for those who looked it up just before that. Longer
 * than a lease lasts, so that those who missed the message still find it when they look again.
 */
export const STORED_FOR = 3_000
