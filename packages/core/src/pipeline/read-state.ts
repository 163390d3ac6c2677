import type { Clock } from '../base/clock.ts'
import type { Captures } from '../capture/captures.ts'
import type { Entries } from '../entry/entries.ts'
import type { EntryKey, EntryKeys } from '../keys/entry-key.ts'
import type { PendingWrites } from '../marks/pending-writes.ts'
import type { PauseState } from '../options/pause.ts'
import type { ScopeOf } from '../options/scope.ts'
import type { CapturedRead } from '../plan/contribution.ts'
import type { ReadPlan } from '../plan/plan.ts'
import type { Policy } from '../plan/policy.ts'
import type { BypassReason, Events } from '../report/events.ts'
import type { DeriveTags, KnownTags } from '../tags/known-tags.ts'
import type { EntryRequest } from '../tier/look-up.ts'
import type { RecentResults } from '../tier/recent-results.ts'
import type { StrictLoads } from '../tier/strict-loads.ts'
import type { Refreshes } from './refreshes.ts'
import type { ReportDeps } from './report-read.ts'

// A read on its way through the pipeline, and what deciding about it needs.

/** What decisions about reads need, wired by the composition root. */
export interface DecideDeps extends ReportDeps {
  readonly clock: Clock
  readonly events: Events
  readonly captures: Captures
  readonly scopeOf: ScopeOf | undefined
  readonly keys: EntryKeys
  readonly entries: Entries
  readonly pendingWrites: PendingWrites
  readonly pause: PauseState
  readonly maxValueBytes: number
  readonly refreshes: Refreshes
  readonly recents: RecentResults
  /** Reads that are part of a load are never served anything stale: it would be stored as fresh. */
  readonly strictLoads: StrictLoads
  /** What a read depends on, given what it uses and the user tags of its policy. */
  readonly tagsOf: DeriveTags
  /** The same for reads asked before: all but what their results show. */
  readonly knownTags: KnownTags
}

/** All of a plan but how its query runs. */
export type PlannedRead = Omit<ReadPlan<unknown>, 'run' | 'joined' | 'detach'>

/** A read on its way down, as far as it came: what a report of it shows. */
export interface StartedRead<P extends PlannedRead> extends Partial<EntryRequest> {
  readonly plan: P
  /** By the clock. */
  readonly started: number
  readonly capture: CapturedRead | undefined
}

/** A read that must not ask the cache. */
export interface BypassedRead<P extends PlannedRead> extends StartedRead<P> {
  readonly bypass: BypassReason
}

/** A read whose entry has a name. */
export interface KeyedRead<P extends PlannedRead> {
  readonly plan: P
  readonly started: number
  readonly capture: CapturedRead | undefined
  readonly policy: Policy
  readonly key: EntryKey
  readonly bypass?: undefined
}

/** A read that has an entry, whether or not it may ask for it. */
export interface EntryRead<P extends PlannedRead> extends EntryRequest {
  readonly plan: P
  /** The number of the last write of this process that had ended when the read began. */
  readonly lastEnded: number
  /** Present inside the load of a computed value, which depends on what this read depends on. */
  readonly capture: CapturedRead | undefined
  readonly policy: Policy
  /** Present if its query may have to wait for a slot. `over`: by the clock, when it was sent. */
  readonly queued?: { readonly over?: number }
}

/** A read that asks the cache. */
export interface CachedRead<P extends PlannedRead> extends EntryRead<P> {
  readonly bypass?: undefined
}

/** A read that must not ask for its entry now. */
export interface DirtyRead<P extends PlannedRead> extends EntryRead<P> {
  readonly bypass: BypassReason
}
