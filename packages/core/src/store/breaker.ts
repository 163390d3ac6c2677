import type { Clock } from '../base/clock.ts'

/** Reads that fail in a row before the next ones are not tried. */
const MOST_FAILURES = 3
/** One answer within this time, in milliseconds, and only a part of the store is in trouble: the others are worth asking. */
const SIGN_OF_LIFE = 100
/** Pause between two probes, in milliseconds. */
const PROBE_PAUSE = 500

/** Makes a read once more; true if it was answered. */
export type Again = () => Promise<boolean>

/**
 * Keeps reads from a store that does not answer them, so that nobody waits for it. While it is open the last read that
 * was not answered, or not sent, is made in the background, one at a time, until one is answered: no caller pays for a
 * probe, and it asks for what callers ask for.
 */
export interface Breaker {
  /** True: do not ask the store. */
  readonly open: boolean
  /** To be told of every read that was answered. */
  answered(): void
  /** To be told of every read that failed, and of every one that was not sent because it is open. */
  unanswered(again: Again): void
  /** Probes at once, if it is open: there is reason to think that the store answers again. */
  probe(): void
  /** Ends all probing. */
  stop(): void
}

/** @param changed called whenever it has opened or closed. */
export function createBreaker(clock: Clock, changed: () => void): Breaker {
  let failures = 0
  let lastAnswer = Number.NEGATIVE_INFINITY
  let open = false
  let stopped = false
  let probing = false
  let latest: Again = async () => true
  let cancel = (): void => {}

  const probeLater = (): void => {
    cancel()
    cancel = clock.after(PROBE_PAUSE, () => void probe())
  }
  const probe = async (): Promise<void> => {
    if (probing || stopped) return
    cancel()
    probing = true
    const answered = await latest()
    probing = false
    if (stopped) return
    if (!answered) return probeLater()
    open = false
    failures = 0
    lastAnswer = clock.now()
    changed()
  }
  return {
    get open() {
      return open
    },
    answered() {
      failures = 0
      lastAnswer = clock.now()
    },
    unanswered(again) {
      latest = again
      if (open || stopped) return
      failures++
      if (failures < MOST_FAILURES || clock.now() - lastAnswer < SIGN_OF_LIFE) return
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
