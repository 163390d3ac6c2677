/**
 * Time and chance, passed in so that tests can own them.
 * `now()` is monotonic milliseconds of this process: never compare it with another machine's.
 */
export interface Clock {
  /** Monotonic milliseconds since some fixed instant of this process. */
  now(): number
  /**
   * Runs `fire` once after `ms` milliseconds; the returned function cancels it.
   * @param keepsAlive true where a caller waits for it: the process stays alive until then. Default false.
   */
  after(ms: number, fire: () => void, keepsAlive?: boolean): () => void
  /** Milliseconds in which this process has had something to do so far, and did not wait. Absent: not known. */
  worked?(): number
  /** Uniform in [0, 1). */
  random(): number
}

/** The real clock: `performance.now()`, `setTimeout`, the event loop's utilization, `Math.random()`. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, fire, keepsAlive = false) {
    const timer = setTimeout(fire, ms)
    if (!keepsAlive) timer.unref()
    return () => clearTimeout(timer)
  },
  worked: () => performance.eventLoopUtilization().active,
  random: () => Math.random(),
}

/** Waits for `work`, at most so many milliseconds, in which the process stays alive. @returns whether it ended in time. */
export function endsWithin(clock: Clock, milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(milliseconds, () => resolve(false), true)
    work.then(
      () => {
        cancel()
        resolve(true)
      },
      (error: unknown) => {
        cancel()
        reject(error)
      },
    )
  })
}
