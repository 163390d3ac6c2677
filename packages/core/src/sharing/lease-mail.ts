import type { Clock } from '../base/clock.ts'
import type { LeaseEnd } from '../store/load-leases.ts'

/** Messages that may arrive before somebody waits for them. */
export interface Mail {
  put(end: LeaseEnd): void
  /** The next message, or undefined after so many milliseconds. */
  next(milliseconds: number): Promise<LeaseEnd | undefined>
}

export function createMail(clock: Clock): Mail {
  const arrived: LeaseEnd[] = []
  let deliver: ((end: LeaseEnd | undefined) => void) | undefined
  return {
    put(end) {
      if (deliver) deliver(end)
      else arrived.push(end)
    },
    next(milliseconds) {
      const first = arrived.shift()
      if (first) return Promise.resolve(first)
      return new Promise((resolve) => {
        const done = (end: LeaseEnd | undefined): void => {
          cancel()
          deliver = undefined
          resolve(end)
        }
        const cancel = clock.after(milliseconds, () => done(undefined), true)
        deliver = done
      })
    },
  }
}
