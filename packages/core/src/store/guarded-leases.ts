import type { Breaker } from './breaker.ts'
import type { Deadline } from './deadline.ts'
import { type Guarded, STOPPED } from './guarded.ts'
import type { LeaseMessages, LoadLeases } from './load-leases.ts'

/** What asks for leases on loads. */
type LeaseCall = Exclude<keyof LoadLeases, 'subscribe'>

/** Leases whose calls have a deadline and never reject. */
export type GuardedLeases = Pick<LoadLeases, 'subscribe'> & {
  readonly [C in LeaseCall]: (
    ...args: Parameters<LoadLeases[C]>
  ) => Promise<Guarded<Awaited<ReturnType<LoadLeases[C]>>>>
}

/**
 * A lease that fails costs at most one more query, so failures do not count for the breaker. Only the first question delays
 * a query that could run: whoever asks again waits for another process anyway.
 */
export function guardLeases(
  leases: LoadLeases | undefined,
  breaker: Breaker,
  attempt: <T>(action: 'lease', deadline: Deadline, call: () => Promise<T>) => Promise<Guarded<T>>,
  [short, long]: readonly [Deadline, Deadline],
): GuardedLeases | undefined {
  if (!leases) return undefined
  const guard = async <T>(deadline: Deadline, call: () => Promise<T>): Promise<Guarded<T>> =>
    breaker.open ? STOPPED : attempt('lease', deadline, call)
  return {
    acquire: (...args) => guard(short, () => leases.acquire(...args)),
    join: (...args) => guard(long, () => leases.join(...args)),
    renew: (...args) => guard(long, () => leases.renew(...args)),
    release: (...args) => guard(long, () => leases.release(...args)),
    subscribe(...args) {
      try {
        return leases.subscribe(...args)
      } catch (error) {
        void attempt('lease', long, () => Promise.reject(error))
        return NO_MESSAGES
      }
    },
  }
}

/** The end of a lease is then noticed by its time. */
const NO_MESSAGES: LeaseMessages = { ready: Promise.resolve(), stop() {} }
