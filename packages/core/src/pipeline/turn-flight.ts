import type { Clock } from '../base/clock.ts'
import { createLoadNode, runLoad } from './nesting.ts'
import { beginFlight, type Flight, noteOwn, type Shared, share } from './share.ts'

/** Collects callers of one name for as long as nothing has begun: until the end of this turn of the event loop. */
export interface TurnFlight<T> {
  /**
   * `load` of the first caller is run when the turn ends, and told how many others wait for it. Nobody joins it after
   * that: what it finds is of an instant after each caller's call.
   * @param patience milliseconds after which the load, if this call begins it, is waited for by nobody.
   * @param joined called when this call begins to wait for the load of another caller.
   */
  share(
    name: string,
    load: (others: number) => Promise<T>,
    patience: number,
    joined?: () => void,
  ): Promise<Shared<T>>
}

/** The callers of one turn. They may have the result of any load that one of them begins later. */
interface Gathering<T> {
  readonly flight: Flight<T>
  others: number
}

export function createTurnFlight<T>(clock: Clock): TurnFlight<T> {
  const gatherings = new Map<string, Gathering<T>>()

  const gather = (name: string, load: (others: number) => Promise<T>, patience: number): Flight<T> => {
    const node = createLoadNode()
    const outcome = new Promise<T>((resolve, reject) => {
      process.nextTick(() => {
        gatherings.delete(name)
        runLoad(node, () => load(gathering.others)).then(resolve, reject)
      })
    })
    const flight = { node, outcome, until: clock.now() + patience }
    const gathering: Gathering<T> = { flight, others: 0 }
    gatherings.set(name, gathering)
    noteOwn(flight)
    return flight
  }
  return {
    async share(name, load, patience, joined) {
      const found = gatherings.get(name)
      if (!found) return { own: await gather(name, load, patience).outcome }
      found.others++
      joined?.()
      const anew = () => beginFlight(clock, patience, () => load(1))
      return share(clock, found.flight, anew, () => load(0))
    },
  }
}
