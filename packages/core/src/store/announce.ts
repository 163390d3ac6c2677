import type { Clock } from '../base/clock.ts'
import type { Events } from '../report/events.ts'

/** Minimum time between two process warnings about outages, in milliseconds. */
const BETWEEN = 60_000

/** Turns the outages of a store into process warnings. */
export interface Announcer {
  /** The events of the cache, which are watched for outages. */
  readonly events: Events
  /** Stops the warnings, because the cache is being closed. */
  stop(): void
}

/**
 * Emits a process warning with the address and the reason when the store becomes unavailable, and another when it is back,
 * unless the cache has a listener for these events.
 * @param address of the store, if it has one.
 */
export function announceOutages(events: Events, clock: Clock, address: string | undefined): Announcer {
  let stopped = false
  let reason: unknown
  let announced = false
  let last = Number.NEGATIVE_INFINITY

  const unavailable = (): void => {
    const hasListener = events.hasListener('store-state') || events.hasListener('store-error')
    if (stopped || hasListener || clock.now() - last < BETWEEN) return
    announced = true
    last = clock.now()
    process.emitWarning(outage(reason, address), { code: 'LARDER_STORE_UNAVAILABLE' })
  }
  const ready = (): void => {
    if (stopped || !announced) return
    announced = false
    const message = `Larder: the store${address ? ` (${address})` : ''} answers again`
    process.emitWarning(message, { code: 'LARDER_STORE_READY' })
  }
  return {
    events: {
      ...events,
      emit(name, event) {
        events.emit(name, event)
        if (name === 'store-error') reason = (event as { readonly error: unknown }).error
        if (name !== 'store-state') return
        if ((event as { readonly state: string }).state === 'ready') ready()
        else unavailable()
      },
    },
    stop() {
      stopped = true
    },
  }
}

function outage(reason: unknown, address: string | undefined): string {
  const text = (reason instanceof Error ? reason.message : String(reason)).replace(/\.+$/, '')
  const where = address && !text.includes(address) ? ` (${address})` : ''
  return `Larder: the store${where} cannot be used, so queries go to the database: ${text}. Listen with cache.on('store-state', …) to handle this yourself`
}
