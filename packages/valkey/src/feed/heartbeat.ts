/** How often a sign of life is asked for. */
const EVERY = 300
/** A connection that owes an answer for so long is given up. */
const GIVEN_UP = 3_000

/** Asks one connection for signs of life. */
export interface Heartbeat {
  /** The connection is set up: asks now and from now on. Before, it only owes an answer. */
  begin(): void
  stop(): void
}

/**
 * One question at a time: the next is asked when the last is answered.
 * @param now monotonic milliseconds.
 * @param alive is told when the answered question was sent.
 * @param dead is called when the connection owes too much; then the heartbeat should be stopped.
 */
export function heartbeat(
  ping: () => Promise<unknown>,
  now: () => number,
  alive: (sent: number) => void,
  dead: () => void,
): Heartbeat {
  let owed: number | undefined = now()
  let begun = false
  let stopped = false
  const ask = async (): Promise<void> => {
    const sent = now()
    owed = sent
    await ping()
    owed = undefined
    if (!stopped) alive(sent)
  }
  const tick = (): void => {
    // A failed question says nothing: the connection tells by itself when it ends.
    if (begun && owed === undefined) void ask().catch(() => {})
    else if (owed !== undefined && now() - owed > GIVEN_UP) dead()
  }
  const timer = setInterval(tick, EVERY)
  timer.unref()
  return {
    begin() {
      begun = true
      owed = undefined
      tick()
    },
    stop() {
      stopped = true
      clearInterval(timer)
    },
  }
}
