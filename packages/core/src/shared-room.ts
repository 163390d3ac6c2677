import type { Clock } from './clock.ts'
import type { CacheConfig } from './config.ts'
import type { Events } from './events.ts'
import type { CurrentTransaction } from './fence/current.ts'
import type { Journal } from './fence/journal.ts'
import type { Unfinished } from './fence/unfinished.ts'
import type { Loaded } from './fill.ts'
import type { SingleFlight } from './flight/single-flight.ts'
import type { TurnFlight } from './flight/turn-flight.ts'
import type { Report } from './report.ts'
import type { ScopeOf } from './scope.ts'
import type { GuardedStore } from './store/guard.ts'
import type { MemoryTier } from './tier/memory-tier.ts'

/** What all hosts of one cache share. */
export interface SharedRoom {
  readonly config: CacheConfig
  readonly clock: Clock
  readonly events: Events
  readonly report: Report
  readonly store: GuardedStore
  readonly tier: MemoryTier | undefined
  readonly unfinished: Unfinished
  readonly journal: Journal
  readonly flights: SingleFlight<Loaded>
  readonly turns: TurnFlight<Loaded>
  readonly current: CurrentTransaction
  /** Entries about to be stored. */
  readonly storing: Map<string, Promise<void>>
  readonly scopeOf: ScopeOf
  /** In place of what hosts give. */
  readonly sqlParser: (() => Promise<unknown>) | undefined
}
