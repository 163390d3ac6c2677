import type { Events } from '../report/events.ts'
import type { FleetPause } from '../store/store.ts'

/** Whether the cache is paused: reads go to the database, and nothing is stored. */
export interface PauseState {
  readonly active: boolean
}

/** The switch of a cache. This process and the fleet have a pause each; either one pauses the cache. */
export interface Pause extends PauseState {
  /** Why the cache is paused. Undefined: it is not paused, or nobody gave a reason. */
  readonly reason: string | undefined
  /** Pauses the cache in this process. */
  begin(reason: string): void
  /** Ends the pause of this process. */
  end(): void
  /** The pause of the fleet, as the store knows it. Undefined: there is none. */
  setFleet(pause: FleetPause | undefined): void
}

/** @param enabled `false`: the cache starts paused in this process. */
export function createPause(enabled: boolean, events: Pick<Events, 'emit'>): Pause {
  let here: FleetPause | undefined = enabled ? undefined : { reason: 'enabled is false' }
  let fleet: FleetPause | undefined
  const update = (): void => {
    pause.active = here !== undefined || fleet !== undefined
  }
  const pause = {
    // A field, because every read asks.
    active: !enabled,
    get reason() {
      return fleet?.reason || here?.reason || undefined
    },
    begin(reason: string) {
      if (!here) announce(events, 'paused', PROCESS, reason)
      here = { reason }
      update()
    },
    end() {
      if (here) announce(events, 'resumed', PROCESS, fleet ? 'the fleet is still paused' : '')
      here = undefined
      update()
    },
    setFleet(next: FleetPause | undefined) {
      if (next && next.reason !== fleet?.reason) announce(events, 'paused', FLEET, next.reason)
      if (!next && fleet) announce(events, 'resumed', FLEET, here ? 'this process is still paused' : '')
      fleet = next
      update()
    },
  }
  return pause
}

const PROCESS = { name: 'this process', resume: 'cache.resume()' }
const FLEET = { name: 'the fleet', resume: 'cache.resume({ fleet: true })' }

function announce(
  events: Pick<Events, 'emit'>,
  code: 'paused' | 'resumed',
  whose: typeof PROCESS,
  detail: string,
): void {
  const effect = code === 'paused' ? `. Reads go to the database until ${whose.resume}` : ''
  const message = `the cache is ${code} for ${whose.name}${detail && `: ${detail}`}${effect}`
  // A store may know of a pause when the cache is created, and listeners are added after that.
  queueMicrotask(() => events.emit('warning', { code, message }))
}
