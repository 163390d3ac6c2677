import type { Lease } from '@larder/core/store'
import type { Belief } from '../topology/topology.ts'
import { type Heartbeat, heartbeat } from './heartbeat.ts'
import { createLeases } from './lease.ts'
import { type FeedClient, isRefused, namesIn, track } from './tracking.ts'

/** How long a sign of life lasts, from when it was asked for (ms): the oldest a read from memory may be. */
const BOUND = 1_000
/** Longest pause before connecting again to what turned out to be of no use (ms). */
const MOST_PAUSE = 5_000

/** What the feed of one primary needs, and whom it tells. */
export interface NodeFeedOptions {
  /** Not connected yet, and nobody else's. */
  readonly client: FeedClient
  readonly prefixes: readonly string[]
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Names the server at the other end of a connection. */
  readonly lifeOf: (client: FeedClient) => Promise<string>
  /** Who answers reads; undefined while nobody knows. */
  readonly belief: () => Belief | undefined
  readonly changed: (names: readonly string[] | undefined) => void
  /** The connection gave a sign of life. */
  readonly proven: () => void
  /** The server refuses for good; the feed is closed. */
  readonly refused: (error: unknown) => void
}

/** Hears what changes on one primary. */
export interface NodeFeed {
  /** For answers of the server with this name, to requests that are not sent yet. Undefined while it is not heard. */
  lease(life: string): Lease | undefined
  /** Ends every lease given so far. The next are given after the next sign of life. */
  interrupt(): void
  close(): void
}

/** Connects at once, and again whenever the connection is lost, until it is closed. */
export function followNode(options: NodeFeedOptions): NodeFeed {
  const { client, now, changed } = options
  const leases = createLeases(now)
  let beat: Heartbeat | undefined
  /** Before the next connection; grows until one is of use. */
  let pause = 0
  let pausing: NodeJS.Timeout | undefined

  const interrupt = (): void => {
    if (leases.end()) changed(undefined)
  }
  const lose = (): void => {
    beat?.stop()
    beat = undefined
    clearTimeout(pausing)
    interrupt()
  }
  const again = (): void => {
    lose()
    pausing = setTimeout(() => client.disconnect(true), pause)
    pausing.unref()
    pause = Math.min(MOST_PAUSE, 100 + 2 * pause)
  }
  const close = (): void => {
    lose()
    client.disconnect()
  }
  /** @param sent when the question was sent: what changed before that has been told by now. */
  const alive = (life: string, sent: number): void => {
    options.proven()
    const belief = options.belief()
    if (belief && belief.life !== life) {
      // Reads are answered by another server than this one, or by this one in another life.
      again()
    } else if (belief) {
      pause = 0
      leases.lengthen(life, Math.min(sent + BOUND, belief.until))
    }
  }
  const arm = async (): Promise<void> => {
    lose()
    let life = ''
    const mine = heartbeat(
      () => client.ping(),
      now,
      (sent) => alive(life, sent),
      again,
    )
    beat = mine
    try {
      life = await options.lifeOf(client)
      await track(client, options.prefixes)
      if (mine === beat) mine.begin()
    } catch (error) {
      // Of a connection that is gone already, nobody wants to know.
      if (mine !== beat) return
      if (!isRefused(error)) return again()
      close()
      options.refused(error)
    }
  }
  client.on('ready', () => void arm())
  client.on('close', lose)
  client.on('error', () => {})
  client.on('messageBuffer', (_, message) => changed(namesIn(message)))
  void client.connect().catch(() => {})
  return {
    lease: leases.of,
    interrupt,
    close,
  }
}
