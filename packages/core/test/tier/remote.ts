import type { CacheOptions } from '@larder/core'
import type { Store, TagRequest } from '@larder/core/store'
import { createFeed, type Feed, type FeedOptions, followedStore } from '@larder/testing'
import { type SimulatedProcess, simulatedProcess } from '../support/simulated-process.ts'

/** A process over a remote store whose calls are counted. */
export interface Remote extends SimulatedProcess {
  readonly inner: Store
  readonly feed: Feed
  /** Calls so far: `fetch` with an entry, `tags` without, and the others by name. */
  readonly calls: string[]
  /** Takes the calls so far, and forgets them. */
  takeCalls(): readonly string[]
  /** The follower's connection is lost. */
  cut(): void
}

export interface RemoteOptions extends FeedOptions {
  readonly memory?: CacheOptions['memory']
  readonly sharedWith?: Remote
  readonly random?: () => number
  /** Between the cache and the store. */
  readonly through?: (store: Store) => Store
}

export function remote({
  memory = { mode: 'validate' },
  sharedWith,
  through,
  random,
  ...options
}: RemoteOptions = {}): Remote {
  // The clock is the world's, which is not there yet.
  const time = { now: () => 0 }
  const feed = sharedWith?.feed ?? createFeed({ now: () => time.now(), ...options })
  const calls: string[] = []
  let cut = (): void => {}
  const here = simulatedProcess({
    memory,
    ...(sharedWith && { sharedWith }),
    ...(random && { random }),
    wrapStore(shared) {
      const store = followedStore(shared, feed)
      cut = store.cut
      const counted: Store = {
        ...store,
        fetch: (entry, tags) => {
          calls.push(entry === undefined ? 'tags' : 'fetch')
          return store.fetch(entry, tags)
        },
        seed: (tags: readonly TagRequest[], lifetime) => {
          calls.push('seed')
          return store.seed(tags, lifetime)
        },
      }
      return through ? through(counted) : counted
    },
  })
  time.now = here.clock.now
  return { ...here, feed, calls, takeCalls: () => calls.splice(0), cut: () => cut() }
}
