import type { Clock } from '../clock.ts'

/** A timer that fires this much late, in milliseconds, tells of a process that was busy with something else. */
const OVERSLEPT = 10
/** What a call gets then, once, for it may not even have been sent. */
const GRACE = 100
/** Timers may fire so much early. */
const EARLY = 1

/** How long calls may take. All that are under way share one timer. */
export interface Deadline {
  /**
   * Settles as `call` does, or rejects when its time is over. Answers that are here already count, however late this
   * process comes to read them: a blocked event loop is no sign of a slow store.
   */
  within<T>(what: string, call: () => Promise<T>): Promise<T>
}

interface Waiting {
  readonly due: number
  late(): void
  /** Of its second timer. */
  cancel?(): void
}

/** @param deadline in milliseconds. */
export function createDeadline(clock: Clock, deadline: number): Deadline {
  /** The one that waits longest first. */
  const waiting = new Set<Waiting>()
  let timer: (() => void) | undefined
  let judging = false

  const arm = (): void => {
    const [first] = waiting
    timer = first && clock.after(Math.max(0, first.due - clock.now()), fired)
  }
  const fired = (): void => {
    timer = undefined
    judging = true
    afterPendingIo(judge)
  }
  const judge = (): void => {
    judging = false
    const now = clock.now()
    for (const one of waiting) {
      if (one.due - now > EARLY) break
      waiting.delete(one)
      if (now - one.due < OVERSLEPT) one.late()
      else one.cancel = clock.after(GRACE, () => afterPendingIo(one.late))
    }
    arm()
  }
  const over = (one: Waiting): void => {
    one.cancel?.()
    if (!waiting.delete(one) || waiting.size || !timer) return
    timer()
    timer = undefined
  }
  return {
    within: (what, call) =>
      new Promise((resolve, reject) => {
        const late = (): void => reject(new Error(`store ${what} took longer than ${deadline} ms`))
        const one: Waiting = { due: clock.now() + deadline, late }
        const answer = call()
        waiting.add(one)
        if (!timer && !judging) arm()
        answer.then(
          (value) => {
            over(one)
            resolve(value)
          },
          (error: unknown) => {
            over(one)
            reject(error)
          },
        )
      }),
  }
}

/** Timers run before sockets are read: a turn of the loop reads them, a second one runs what they set off. */
function afterPendingIo(then: () => void): void {
  setImmediate(() => setImmediate(then))
}
