/** How often a heartbeat is sent (ms). */
const INTERVAL = 300
/** A connection whose reply is overdue by this long is dead (ms). */
const DEAD_AFTER = 3_000

/** Sends heartbeats over one connection. */
export interface Heartbeat {
  /** Starts heartbeats. Before that, the connection only has to become usable in time. */
  begin(): void
  stop(): void
}

/**
 * Sends one heartbeat at a time: the next follows the reply to the last.
 * @param now monotonic milliseconds.
 * @param alive is called with the time at which the answered heartbeat was sent.
 * @param dead is called when a reply is overdue for too long. Stop the heartbeat then.
 */
export function heartbeat(
  ping: () => Promise<unknown>,
  now: () => number,
  alive: (sent: number) => void,
  dead: () => void,
): Heartbeat {
  let pendingSince: number | undefined = now()
  let begun = false
  let stopped = false
  const ask = async (): Promise<void> => {
    const sent = now()
    pendingSince = sent
    await ping()
    pendingSince = undefined
    if (!stopped) alive(sent)
  }
  const tick = (): void => {
    // A failed heartbeat needs no reaction: a lost connection emits its own event.
    if (begun && pendingSince === undefined) void ask().catch(() => {})
    else if (pendingSince !== undefined && now() - pendingSince > DEAD_AFTER) dead()
  }
  const timer = setInterval(tick, INTERVAL)
  timer.unref()
  return {
    begin() {
      begun = true
      pendingSince = undefined
      tick()
    },
    stop() {
      stopped = true
      clearInterval(timer)
    },
  }
}
