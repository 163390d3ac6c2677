import type { Clock } from '../base/clock.ts'
import type { Captures } from '../capture/captures.ts'
import type { NewToken } from '../marks/finish.ts'
import type { Journal } from '../marks/journal.ts'
import type { PendingWrites } from '../marks/pending-writes.ts'
import type { Renewals } from '../marks/renewals.ts'
import type { CacheConfig } from '../options/config.ts'
import type { PauseState } from '../options/pause.ts'
import type { ScopeOf } from '../options/scope.ts'
import type { LoadResult } from '../pipeline/load.ts'
import type { Refreshes } from '../pipeline/refreshes.ts'
import type { Events } from '../report/events.ts'
import type { Report } from '../report/report.ts'
import type { LoadSharing } from '../sharing/load-sharing.ts'
import type { GuardedStore } from '../store/guard.ts'
import type { MemoryTier } from '../tier/memory-tier.ts'
import type { RecentResults } from '../tier/recent-results.ts'
import type { StrictLoads } from '../tier/strict-loads.ts'
import type { CurrentTransaction } from '../transaction/current.ts'

/** What all hosts of one cache share. */
export interface SharedDeps extends LoadSharing<LoadResult> {
  readonly config: CacheConfig
  readonly clock: Clock
  readonly events: Events
  readonly report: Report
  readonly store: GuardedStore
  readonly tier: MemoryTier | undefined
  readonly pendingWrites: PendingWrites
  readonly journal: Journal
  readonly renewals: Renewals
  readonly newToken: NewToken
  readonly pause: PauseState
  readonly refreshes: Refreshes
  readonly recents: RecentResults
  readonly strictLoads: StrictLoads
  readonly current: CurrentTransaction
  readonly captures: Captures
  /** Entries about to be stored. */
  readonly storing: Map<string, Promise<void>>
  readonly scopeOf: ScopeOf | undefined
  /** In place of what hosts give. */
  readonly sqlParser: (() => Promise<unknown>) | undefined
}
