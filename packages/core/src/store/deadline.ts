import type { Clock } from '../clock.ts'

/** A timer that fires this much late, in milliseconds, tells of a process that was busy with something else. */
const OVERSLEPT = 10
/** What a call gets then, once, for it may not even have been sent. */
const GRACE = 100

/**
 * Settles as `call` does, or rejects after `deadline` milliseconds. Answers that are here already count, however late
 * this process comes to read them: a blocked event loop is no sign of a slow store.
 */
export function within<T>(clock: Clock, deadline: number, what: string, call: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const due = clock.now() + deadline
    let settled = false
    let cancel = (): void => {}
    const late = (): void => reject(new Error(`${what} took longer than ${deadline} ms`))
    const judge = (): void => {
      if (settled) return
      if (clock.now() - due < OVERSLEPT) late()
      else cancel = clock.after(GRACE, () => afterPendingIo(late))
    }
    cancel = clock.after(deadline, () => afterPendingIo(judge))
    call()
      .then(resolve, reject)
      .finally(() => {
        settled = true
        cancel()
      })
  })
}

/** Timers run before sockets are read: a turn of the loop reads them, a second one runs what they set off. */
function afterPendingIo(then: () => void): void {
  setImmediate(() => setImmediate(then))
}
