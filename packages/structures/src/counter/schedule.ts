import { LONGEST_TIMER } from '../base/wait.ts'

/** Work that is repeated until it is stopped. */
export interface Schedule {
  start(): void
  /** Starts no further run. A run in progress continues. */
  stop(): void
}

/** The longest pause after failures (ms), unless the work is due even more rarely. */
const LONGEST_PAUSE = 30_000

/**
 * Runs `work` again and again, each time `every` milliseconds after it has ended. After failures the pauses double, up to 30 s.
 * Its timer does not keep the process alive.
 */
export function createSchedule(
  every: number,
  work: () => Promise<unknown>,
  onError: (error: unknown, failures: number) => void,
): Schedule {
  let timer: NodeJS.Timeout | undefined
  let running = false
  let failures = 0
  const run = async (): Promise<void> => {
    try {
      await work()
      failures = 0
    } catch (error) {
      failures++
      onError(error, failures)
    }
    plan()
  }
  const plan = (): void => {
    if (!running) return
    const pause = Math.min(every * 2 ** Math.min(failures, 20), Math.max(every, LONGEST_PAUSE))
    timer = setTimeout(run, Math.min(pause, LONGEST_TIMER))
    timer.unref()
  }
  return {
    start() {
      if (running) return
      running = true
      plan()
    },
    stop() {
      running = false
      clearTimeout(timer)
    },
  }
}
