import type { Clock } from '../clock.ts'

/** Reads that fail in a row before the next ones are not tried. */
const MOST_FAILURES = 3
/** Pause between two probes, in milliseconds. */
const PROBE_PAUSE = 500

/**
 * Keeps reads from a store that does not answer them, so that nobody waits for it. While it is open the last read that
 * failed is repeated in the background, one at a time, until it is answered: no caller pays for a probe.
 */
export interface Breaker {
  /** True: do not ask the store. */
  readonly open: boolean
  /** To be told of every read that was answered. */
  succeeded(): void
  /**
   * To be told of every read that failed.
   * @param again makes the same read once more; true if it was answered.
   */
  failed(again: () => Promise<boolean>): void
  /** Probes at once, if it is open: there is reason to think that the store answers again. */
  probe(): void
  /** Ends all probing. */
  stop(): void
}

/** @param changed called whenever it has opened or closed. */
export function createBreaker(clock: Clock, changed: () => void): Breaker {
  let failures = 0
  let open = false
  let stopped = false
  let probing = false
  let again = async (): Promise<boolean> => true
  let cancel = (): void => {}

  const probeLater = (): void => {
    cancel()
    cancel = clock.after(PROBE_PAUSE, () => void probe())
  }
  const probe = async (): Promise<void> => {
    if (probing || stopped) return
    cancel()
    probing = true
    const answered = await again()
    probing = false
    if (stopped) return
    if (!answered) return probeLater()
    open = false
    failures = 0
    changed()
  }
  return {
    get open() {
      return open
    },
    succeeded() {
      failures = 0
    },
    failed(repeat) {
      failures++
      if (open || stopped || failures < MOST_FAILURES) return
      again = repeat
      open = true
      probeLater()
      changed()
    },
    probe() {
      if (open) void probe()
    },
    stop() {
      stopped = true
      cancel()
    },
  }
}
