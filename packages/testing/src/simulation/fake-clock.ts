import type { Clock } from '@larder/core/host'

/** A clock that stands still until it is told to go on. */
export interface FakeClock extends Clock {
  /** Fires what is due within `ms`, in order, and lets everything that follows from each settle. */
  advance(ms: number): Promise<void>
  /** Timers that have not fired yet. */
  pending(): number
}

/** @param random what `random()` returns; 0 takes nothing off a lifetime. */
export function fakeClock(random: () => number = () => 0): FakeClock {
  const timers = new Map<number, { at: number; fire: () => void }>()
  let now = 1_000
  let count = 0
  return {
    now: () => now,
    random,
    after(ms, fire) {
      const id = count++
      timers.set(id, { at: now + ms, fire })
      return () => timers.delete(id)
    },
    async advance(ms) {
      const end = now + ms
      for (;;) {
        const due = [...timers]
          .filter(([, timer]) => timer.at <= end)
          .sort(([a, x], [b, y]) => x.at - y.at || a - b)[0]
        if (!due) break
        timers.delete(due[0])
        now = Math.max(now, due[1].at)
        due[1].fire()
        await settled()
      }
      now = end
      await settled()
    },
    pending: () => timers.size,
  }
}

/** A clock whose timers are lost while `losesTimers` is set, as those are that were set while a test faked timers. */
export function forgetfulClock(): FakeClock & { losesTimers: boolean } {
  const clock = fakeClock()
  return {
    ...clock,
    losesTimers: false,
    after(ms, fire) {
      return this.losesTimers ? () => {} : clock.after(ms, fire)
    },
  }
}

/** Resolves when all that can happen without a timer or the outside world has happened. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

/** A promise with its ends. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(error: unknown): void
}

export function deferred<T = void>(): Deferred<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  return { promise, resolve, reject }
}
