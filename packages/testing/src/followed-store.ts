import type { Fetched, Lease, Store, StoreContext, TagReply, TagRequest } from '@larder/core/store'

/** The channel by which one server tells its followers what changed; each hears everything, in order, some time later. */
export interface Feed {
  tell(names: readonly string[] | undefined): void
  follow(changed: StoreContext['changed']): Follower
}

export interface Follower {
  /** For what is answered now. */
  lease(): Lease
  /** The connection is lost: leases end, and what was not heard never will be. */
  cut(): void
}

export interface FeedOptions {
  /** Milliseconds; a clock that may stand still. */
  readonly now?: () => number
  /** Delivers one message some time later. */
  readonly send?: (deliver: () => void) => void
  /** How old the oldest message not delivered yet may be for leases to hold. */
  readonly bound?: number
  /** Messages that never arrive, though leases hold: breaks the promise of a lease. */
  readonly lost?: () => boolean
}

export function createFeed(options: FeedOptions = {}): Feed {
  const { now = () => 0, send = queueMicrotask, bound = 1_000, lost = () => false } = options
  const followers = new Set<(names: readonly string[] | undefined) => void>()
  return {
    tell(names) {
      for (const hear of followers) if (!lost()) hear(names)
    },
    follow(changed) {
      let waiting: { names: readonly string[] | undefined; at: number; arrived: boolean }[] = []
      let holds = true
      const lease = (): Lease => {
        let alive = true
        return {
          holds() {
            const [oldest] = waiting
            if (oldest && now() - oldest.at > bound) holds = false
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
      const cut = (): void => {
        holds = false
        current.holds()
      }
      return {
        lease() {
          if (current.holds()) return current
          // Followed anew: whatever was missed may have been anything.
          waiting = []
          holds = true
          changed(undefined)
          current = lease()
          return current
        },
        cut,
      }
    },
  }
}

/** One process's client of a server with a feed; `shared` is what the server holds. */
export function followedStore(shared: Store, feed: Feed): Store & { cut(): void } {
  let follower: Follower | undefined
  // Asked for before the answer is read: what happens from then on is told.
  const vouched = async (read: () => Promise<Fetched>): Promise<Fetched> => {
    const lease = follower?.lease()
    const answer = await read()
    return lease ? { ...answer, tags: answer.tags.map((tag): TagReply => ({ ...tag, lease })) } : answer
  }
  const telling = async <T>(names: readonly string[] | undefined, call: Promise<T>): Promise<T> => {
    const answer = await call
    feed.tell(names)
    return answer
  }
  return {
    source: 'store',
    open(context) {
      shared.open?.(context)
      if (context.follow) follower = feed.follow(context.changed)
    },
    cut: () => follower?.cut(),
    fetch: (entry, tags) => vouched(() => shared.fetch(entry, tags)),
    seed: (tags, lifetime) =>
      vouched(async () => {
        const before = await shared.fetch(undefined, tags)
        const answer = await shared.seed(tags, lifetime)
        const created = tags.flatMap((tag, index) => createdBy(tag, before.tags[index]))
        if (created.length) feed.tell(created)
        return answer
      }),
    mark: (request) => telling([request.record, ...request.cells], shared.mark(request)),
    renew: (request) => telling([request.record, ...request.cells], shared.renew(request)),
    finish: (request) => telling([request.record, ...request.cells], shared.finish(request)),
    set: (entry, ...rest) => telling([entry], shared.set(entry, ...rest)),
    invalidateAll: () => telling(undefined, shared.invalidateAll()),
    pause: async (reason) => shared.pause?.(reason),
    resume: async () => shared.resume?.(),
    close: () => shared.close(),
  }
}

function createdBy({ record, cells }: TagRequest, before: TagReply | undefined): readonly string[] {
  const createdCells = cells.filter((_, at) => !before?.cells[at])
  return before?.fields.some((state) => !state) ? [record, ...createdCells] : createdCells
}
