import type { Fetched, Lease, Store, StoreContext, TagReply, TagRequest } from '@larder/core/store'

/** The channel by which one server notifies its followers of changes. Each receives all of them, in order, some time later. */
export interface Feed {
  notify(names: readonly string[] | undefined): void
  follow(changed: StoreContext['changed']): Follower
}

export interface Follower {
  /** The lease for a reply that is given now. */
  lease(): Lease
  /** Loses the connection: leases end, and pending notifications are never delivered. */
  disconnect(): void
}

export interface FeedOptions {
  /** Milliseconds; a clock that may stand still. */
  readonly now?: () => number
  /** Delivers one message some time later. */
  readonly send?: (deliver: () => void) => void
  /** Leases hold while no pending message is older than this (ms). */
  readonly maxAge?: number
  /** True for a message that never arrives although leases hold, which breaks the contract of a lease. */
  readonly drops?: () => boolean
}

export function createFeed(options: FeedOptions = {}): Feed {
  const { now = () => 0, send = queueMicrotask, maxAge = 1_000, drops = () => false } = options
  const followers = new Set<(names: readonly string[] | undefined) => void>()
  return {
    notify(names) {
      for (const deliver of followers) if (!drops()) deliver(names)
    },
    follow(changed) {
      let waiting: { names: readonly string[] | undefined; at: number; arrived: boolean }[] = []
      let holds = true
      const lease = (): Lease => {
        let alive = true
        return {
          holds() {
            const [oldest] = waiting
            if (oldest && now() - oldest.at > maxAge) holds = false
            alive &&= holds
            return alive
          },
        }
      }
      let current = lease()
      followers.add((names) => {
        const message = { names, at: now(), arrived: false }
        const line = waiting
        line.push(message)
        send(() => {
          message.arrived = true
          // In order: what arrives early waits for what was sent before it.
          while (line === waiting && line[0]?.arrived) changed(line.shift()?.names)
        })
      })
      const disconnect = (): void => {
        holds = false
        current.holds()
      }
      return {
        lease() {
          if (current.holds()) return current
          // The follower may have missed any change.
          waiting = []
          holds = true
          changed(undefined)
          current = lease()
          return current
        },
        disconnect,
      }
    },
  }
}

/** One process's client of a server with a feed. `shared` is the server's store. */
export function followedStore(shared: Store, feed: Feed): Store & { cut(): void } {
  let follower: Follower | undefined
  // Taken before the read, so that every later change is a notification.
  const withLease = async (read: () => Promise<Fetched>): Promise<Fetched> => {
    const lease = follower?.lease()
    const answer = await read()
    return lease ? { ...answer, tags: answer.tags.map((tag): TagReply => ({ ...tag, lease })) } : answer
  }
  const notifyAfter = async <T>(names: readonly string[] | undefined, call: Promise<T>): Promise<T> => {
    const answer = await call
    feed.notify(names)
    return answer
  }
  return {
    source: 'store',
    open(context) {
      shared.open?.(context)
      if (context.follow) follower = feed.follow(context.changed)
    },
    cut: () => follower?.disconnect(),
    fetch: (entry, tags) => withLease(() => shared.fetch(entry, tags)),
    seed: (tags, lifetime) =>
      withLease(async () => {
        const before = await shared.fetch(undefined, tags)
        const answer = await shared.seed(tags, lifetime)
        const created = tags.flatMap((tag, index) => createdBy(tag, before.tags[index]))
        if (created.length) feed.notify(created)
        return answer
      }),
    mark: (request) => notifyAfter([request.record, ...request.cells], shared.mark(request)),
    renew: (request) => notifyAfter([request.record, ...request.cells], shared.renew(request)),
    finish: (request) => notifyAfter([request.record, ...request.cells], shared.finish(request)),
    set: (entry, ...rest) => notifyAfter([entry], shared.set(entry, ...rest)),
    invalidateAll: () => notifyAfter(undefined, shared.invalidateAll()),
    pause: async (reason) => shared.pause?.(reason),
    resume: async () => shared.resume?.(),
    close: () => shared.close(),
  }
}

function createdBy({ record, cells }: TagRequest, before: TagReply | undefined): readonly string[] {
  const createdCells = cells.filter((_, at) => !before?.cells[at])
  return before?.fields.some((state) => !state) ? [record, ...createdCells] : createdCells
}
