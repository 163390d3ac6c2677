import type { Lease } from '@larder/core'
import type { FeedConnection } from './feed-client.ts'
import { type Heartbeat, heartbeat } from './heartbeat.ts'
import { createLease, type RunningLease } from './lease.ts'
import { type FeedClient, isRefused, namesIn, track } from './tracking.ts'

/** How long a sign of life lasts, from when it was asked for: the oldest a read from memory may be. */
const BOUND = 1_000

/** What is known of the server that answers reads. Monotonic milliseconds. */
export interface Trust {
  /** Its name. */
  readonly life: string
  /** Until when it is believed to be the one to ask. */
  readonly until: number
}

/** What the feed of one primary needs, and whom it tells. */
export interface NodeFeedOptions {
  readonly connection: FeedConnection
  readonly prefixes: readonly string[]
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Names the server at the other end of a connection. */
  readonly lifeOf: (client: FeedClient) => Promise<string>
  /** Undefined while nobody knows. */
  readonly trusted: () => Trust | undefined
  readonly changed: (names: readonly string[] | undefined) => void
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
  const { connection, now, changed } = options
  const { client, prefix } = connection
  const prefixes = options.prefixes.map((one) => prefix + one)
  /** What is heard on the present connection; nothing before the first sign of life. */
  let heard: { readonly life: string; lease: RunningLease } | undefined
  let beat: Heartbeat | undefined

  const interrupt = (): void => {
    if (!heard) return
    heard.lease.end()
    changed(undefined)
  }
  const lose = (): void => {
    beat?.stop()
    beat = undefined
    interrupt()
    heard = undefined
  }
  const again = (): void => {
    lose()
    client.disconnect(true)
  }
  const close = (): void => {
    lose()
    client.disconnect()
  }
  /** @param sent when the question was sent: what changed before that has been told by now. */
  const alive = (life: string, sent: number): void => {
    const trust = options.trusted()
    if (!trust) return
    const until = Math.min(sent + BOUND, trust.until)
    // Reads are answered by another server than this one, or by this one in another life.
    if (trust.life !== life) again()
    else if (!heard) heard = { life, lease: createLease(now, until) }
    else if (heard.lease.holds()) heard.lease.extend(until)
    else heard.lease = createLease(now, until)
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
      await track(client, prefixes)
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
  client.on('messageBuffer', (_, message) => changed(namesIn(message, prefix.length)))
  void client.connect().catch(() => {})
  return {
    lease: (life) => (heard?.life === life && heard.lease.holds() ? heard.lease : undefined),
    interrupt,
    close,
  }
}
