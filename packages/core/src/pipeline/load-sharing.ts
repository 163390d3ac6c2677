import type { Clock } from '../base/clock.ts'
import type { GuardedStore } from '../store/guard.ts'
import { createGenerationFlight, type GenerationFlight } from './generation-flight.ts'
import { createLeases, type Leases } from './leases.ts'
import type { LoadResult } from './load.ts'
import { createLoadSlots, type LoadSlots } from './load-slots.ts'
import { createSingleFlight, type SingleFlight } from './single-flight.ts'

/** How the reads of one cache share loads, and how many of these run at once. */
export interface LoadSharing {
  /** Among those who saw the same nonces. */
  readonly flights: SingleFlight<LoadResult>
  /** Where nonces tell nothing. */
  readonly generations: GenerationFlight<LoadResult>
  /** Among processes. Undefined: the store has none, and no policy asks for them. */
  readonly leases: Leases | undefined
  readonly slots: LoadSlots
}

export function createLoadSharing(store: Pick<GuardedStore, 'leases'>, clock: Clock): LoadSharing {
  return {
    flights: createSingleFlight(clock),
    generations: createGenerationFlight(clock),
    leases: createLeases(store, clock),
    slots: createLoadSlots(clock),
  }
}
