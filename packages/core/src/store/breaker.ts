import type { Clock } from '../base/clock.ts'

/** After this many failed reads in a row, reads are no longer sent. */
const MOST_FAILURES = 3
/** If a read was answered within this time (ms), only a part of the store fails, so the breaker stays closed. */
const SIGN_OF_LIFE = 100
/** Time between two probes, in milliseconds. */
const PROBE_PAUSE = 500

/** Repeats a read. @returns whether the store answered. */
export type RepeatRead = () => Promise<boolean>

/**
 * Stops sending reads to a store that does not answer, so that no caller waits for it. While it is open, the latest read that
 * failed or was not sent is repeated in the background, until one is answered. So no caller pays for a probe, and a probe asks
 * for what callers ask for.
 */
export interface Breaker {
  /** True: do not send reads to the store. */
  readonly open: boolean
  /** Call this for every read that was answered. */
  answered(): void
  /** Call this for every read that failed, and for every one that was not sent because the breaker is open. */
  unanswered(again: RepeatRead): void
  /** Probes at once if the breaker is open. Call this when the store probably answers again. */
  probe(): void
  /** Stops probing for good. */
  stop(): void
}

/** @param changed is called whenever the breaker has opened or closed. */
export function createBreaker(clock: Clock, changed: () => void): Breaker {
  let failures = 0
  let lastAnswer = Number.NEGATIVE_INFINITY
  let open = false
  let stopped = false
  let probing = false
  let latest: RepeatRead = async () => true
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
