import type { Clock } from '../base/clock.ts'
import type { GuardedStore } from '../store/guard.ts'
import { createGenerationFlight, type GenerationFlight } from './generation-flight.ts'
import { createLeases, type Leases } from './leases.ts'
import { createLoadSlots, type LoadSlots } from './load-slots.ts'
import { createSingleFlight, type SingleFlight } from './single-flight.ts'

/** How the reads of one cache share loads, and how many of these run at once. */
export interface LoadSharing<R> {
  /** Among those who saw the same nonces. */
  readonly flights: SingleFlight<R>
  /** Where nonces tell nothing. */
  readonly generations: GenerationFlight<R>
  /** Among processes. Undefined: the store has none, and no policy asks for them. */
  readonly leases: Leases | undefined
  readonly slots: LoadSlots
}

/** Makes what the reads of one cache share. `R` is the result of a load. */
export function createLoadSharing<R>(store: Pick<GuardedStore, 'leases'>, clock: Clock): LoadSharing<R> {
  return {
    flights: createSingleFlight(clock),
    generations: createGenerationFlight(clock),
    leases: createLeases(store, clock),
    slots: createLoadSlots(clock),
  }
}
