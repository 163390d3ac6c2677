import type { Clock } from '../base/clock.ts'
import { beginFlight, type Flight, type OnQueryStart, type Shared, share } from './share.ts'

/** @param started absent where nobody shares the load, because callers would wait for themselves or have waited too long. */
type FlightLoad<T> = (started?: OnQueryStart) => Promise<T>

/** Runs one load per flight name at a time; everybody else who asks meanwhile waits for it, for a while. */
export interface SingleFlight<T> {
  /**
   * @param name the entry's key with the nonces of all its tags: a read begun after a write never joins a load
   * begun before it.
   * @param patience milliseconds after which the load, if this call begins it, is joined and waited for by nobody.
   * @param joined called when this call begins to wait for the load of another caller.
   */
  share(name: string, load: FlightLoad<T>, patience: number, joined?: () => void): Promise<Shared<T>>
}

export function createSingleFlight<T>(clock: Clock): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>()

  /** Loads that never end are not kept for ever. The oldest come first. */
  const prune = (): void => {
    for (const [name, { until }] of flights) {
      if (clock.now() < until) return
      flights.delete(name)
    }
  }
  const begin = (name: string, load: FlightLoad<T>, patience: number): Flight<T> => {
    prune()
    const flight = beginFlight(clock, patience, load, (begun) => flights.set(name, begun))
    const { node, outcome } = flight
    const over = (): void => {
      // One that took too long has been replaced.
      if (flights.get(name)?.node === node) flights.delete(name)
    }
    outcome.then(over, over)
    return flight
  }
  return {
    async share(name, load, patience, joined) {
      const running = flights.get(name)
      const anew = () => begin(name, load, patience)
      if (running && clock.now() < running.until) {
        joined?.()
        return share(clock, running, anew, () => load())
      }
      const flight = anew()
      if (running) running.next ??= flight
      return { own: await flight.outcome }
    },
  }
}
