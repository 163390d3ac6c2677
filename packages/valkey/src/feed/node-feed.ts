import type { Lease } from '@larder/core/store'
import type { SubscriberClient } from '../connection/client.ts'
import type { TrustedIncarnation } from '../topology/topology.ts'
import { type Heartbeat, heartbeat } from './heartbeat.ts'
import { createLeases } from './lease.ts'
import { isRefused, namesIn, track } from './tracking.ts'

/** How long a lease holds after its heartbeat was sent (ms): the greatest age of a read from memory. */
const LEASE_TIME = 1_000
/** Longest pause before reconnecting to a server that was of no use (ms). */
const LONGEST_PAUSE = 5_000

/** What the feed of one primary needs, and its callbacks. */
export interface NodeFeedOptions {
  /** Not connected yet, and used by nobody else. */
  readonly client: SubscriberClient
  readonly prefixes: readonly string[]
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** The incarnation of the server at the other end of a connection. */
  readonly incarnationOf: (client: SubscriberClient) => Promise<string>
  /** The incarnation that answers reads; undefined while it is not known. */
  readonly trustedIncarnation: () => TrustedIncarnation | undefined
  readonly changed: (names: readonly string[] | undefined) => void
  /** A heartbeat was answered. */
  readonly onHeartbeat: () => void
  /** The server refuses permanently, and the feed is closed. */
  readonly onRefused: (error: unknown) => void
}

/** Follows the changes on one primary. */
export interface NodeFeed {
  /** For replies of this incarnation to requests that are not sent yet. Undefined while its changes are not followed. */
  lease(incarnation: string): Lease | undefined
  /** Ends every lease. The next one begins with the next heartbeat. */
  interrupt(): void
  close(): void
}

/** Connects immediately, and again whenever the connection is lost, until it is closed. */
export function followNode(options: NodeFeedOptions): NodeFeed {
  const { client, now, changed } = options
  const leases = createLeases(now)
  let beat: Heartbeat | undefined
  /** The pause before the next connection (ms). Grows until a connection is of use. */
  let pause = 0
  let pausing: NodeJS.Timeout | undefined

  const interrupt = (): void => {
    if (leases.end()) changed(undefined)
  }
  const stopFeed = (): void => {
    beat?.stop()
    beat = undefined
    clearTimeout(pausing)
    interrupt()
  }
  const reconnect = (): void => {
    stopFeed()
    pausing = setTimeout(() => client.disconnect(true), pause)
    pausing.unref()
    pause = Math.min(LONGEST_PAUSE, 100 + 2 * pause)
  }
  const close = (): void => {
    stopFeed()
    client.disconnect()
  }
  /** @param sent when the heartbeat was sent: notifications of all changes before that have arrived. */
  const alive = (incarnation: string, sent: number): void => {
    options.onHeartbeat()
    const trusted = options.trustedIncarnation()
    if (trusted && trusted.incarnation !== incarnation) {
      // Reads are answered by another server, or by another incarnation of this one.
      reconnect()
    } else if (trusted) {
      pause = 0
      leases.extend(incarnation, Math.min(sent + LEASE_TIME, trusted.until))
    }
  }
  const startFeed = async (): Promise<void> => {
    stopFeed()
    let incarnation = ''
    const started = heartbeat(
      // In small letters: after SUBSCRIBE, iovalkey refuses every other name.
      () => client.call('ping'),
      now,
      (sent) => alive(incarnation, sent),
      reconnect,
    )
    beat = started
    try {
      incarnation = await options.incarnationOf(client)
      await track(client, options.prefixes)
      if (started === beat) started.begin()
    } catch (error) {
      // The connection is gone already.
      if (started !== beat) return
      if (!isRefused(error)) return reconnect()
      close()
      options.onRefused(error)
    }
  }
  client.on('ready', () => void startFeed())
  client.on('close', stopFeed)
  client.on('error', () => {})
  client.on('messageBuffer', (_, message) => changed(namesIn(message)))
  void client.connect().catch(() => {})
  return {
    lease: leases.of,
    interrupt,
    close,
  }
}
