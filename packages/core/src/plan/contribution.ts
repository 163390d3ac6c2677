import type { BypassReason, MissReason } from '../report/events.ts'

/** Why a computed value is not stored. */
export interface Refusal {
  readonly reason: BypassReason | MissReason
  /** The read or write that is the cause. */
  readonly operation: string
  /** Completes "not stored, because …". */
  readonly because: string
  /** True if the code of `load` is the cause, so that the next load will not be stored either. */
  readonly permanent: boolean
}

/** What a read depends on in one record, with the nonces from before its SQL, or of the entry that served it. */
export interface CapturedTags {
  readonly record: string
  readonly fields: readonly (readonly [field: string, nonce: string])[]
  readonly cells: readonly (readonly [cell: string, nonce: string])[]
  /** Cells that only the result named. Nobody knows their nonces yet: `list` covers them until they are read. */
  readonly resultCells?: { readonly cells: readonly string[]; readonly list: string }
}

/** What one read contributes to the dependencies of a computed value. */
export interface Contribution {
  /** The same for all caches whose tags can be compared. */
  readonly place: unknown
  readonly epoch: string
  readonly tags: readonly CapturedTags[]
}

/** One read inside the load of a computed value. A read that does neither has not ended, or has failed. */
export interface CapturedRead {
  contribute(contribution: Contribution): void
  refuse(refusal: Omit<Refusal, 'operation'>): void
}

/** Collects what the reads of one load depend on. Other copies of this module call it: add to it, and change nothing. */
export interface Collector {
  begin(operation: string): CapturedRead
}
