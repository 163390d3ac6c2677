/**
 * Time and chance, passed in so that tests can own them.
 * `now()` is monotonic milliseconds of this process: never compare it with another machine's.
 */
export interface Clock {
  /** Monotonic milliseconds since some fixed instant of this process. */
  now(): number
  /** Runs `fire` once after `ms` milliseconds without keeping the process alive; the returned function cancels it. */
  after(ms: number, fire: () => void): () => void
  /** Uniform in [0, 1). */
  random(): number
}

/** The real clock: `performance.now()`, an unreferenced `setTimeout`, `Math.random()`. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, fire) {
    const timer = setTimeout(fire, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
}
