/** Numbers in [0, 1) that are the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = (seed + 1) * 0x9e3779b1
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Decides who goes on next: whatever may interleave with something else awaits `step()` first. */
export interface Scheduler {
  step(): Promise<void>
  /** Runs the tasks, one step at a time in random order, until nobody waits any more. */
  run(tasks: readonly (() => Promise<void>)[]): Promise<void>
  random(): number
  /** A whole number below `limit`. */
  below(limit: number): number
}

/** Share of the steps that nearly everything else overtakes. */
const SLOW = 0.15

/** @param stuck called when tasks are left that no step can free: lets time pass, say. Without it that is an error. */
export function createScheduler(seed: number, stuck?: () => Promise<void>): Scheduler {
  const random = seededRandom(seed)
  const waiting: { readonly go: () => void; readonly weight: number }[] = []
  const below = (limit: number): number => Math.floor(random() * limit)
  const take = (): (() => void) | undefined => {
    let at = random() * waiting.reduce((sum, { weight }) => sum + weight, 0)
    for (const [index, { go, weight }] of waiting.entries()) {
      at -= weight
      if (at >= 0 && index < waiting.length - 1) continue
      waiting.splice(index, 1)
      return go
    }
    return undefined
  }
  return {
    random,
    below,
    // Now and then something is very slow: evenly paced, nothing would ever overtake anything else by much.
    step: () =>
      new Promise((go) => {
        waiting.push({ go, weight: random() < SLOW ? 0.02 : 1 })
      }),
    async run(tasks) {
      let running = tasks.length
      let failure: { error: unknown } | undefined
      for (const task of tasks)
        void task()
          .catch((error: unknown) => {
            failure ??= { error }
          })
          .finally(() => running--)
      for (;;) {
        await new Promise<void>((resolve) => setImmediate(resolve))
        if (failure) throw failure.error
        const next = take()
        if (next) next()
        else if (!running) return
        else if (stuck) await stuck()
        else throw new Error(`schedule ${seed}: ${running} tasks wait for something that never comes`)
      }
    },
  }
}
