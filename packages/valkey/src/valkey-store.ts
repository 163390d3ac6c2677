import type { Fetched, Store, TagReply } from '@larder/core'
import { tagChanges } from './change-tags.ts'
import { connect } from './connect.ts'
import { epochOf } from './epoch.ts'
import { watchIncarnation } from './incarnation.ts'
import { checkOptions, type ValkeyStoreOptions } from './options.ts'
import { readEntry, readTags } from './read-tags.ts'

/** A store on a Valkey or Redis server, shared by all processes that use it. */
export interface ValkeyStore extends Store {
  /**
   * Waits for the connection attempt under way and asks the server who it is.
   * @throws CacheError `LARDER_STORE` saying why the server cannot be used.
   */
  ping(): Promise<void>
}

/**
 * Keeps tags and entries on one Valkey (8) or Redis (7) server. Connects at once unless `lazyConnect`, and again
 * whenever the connection is lost; until it answers, every call rejects, and the engine goes to the database.
 * @throws CacheError for a malformed URL or option; nothing it throws, ever, contains a password.
 */
export function valkeyStore(options: string | ValkeyStoreOptions): ValkeyStore {
  const connection = connect(checkOptions(options))
  const { client, failure } = connection
  const epoch = epochOf(client)
  const incarnation = watchIncarnation(connection, epoch)
  const tags = tagChanges(client)
  let closed = false

  /** Runs a call once the first connection attempt is over; its failure says nothing secret. */
  const call = async <T>(run: () => Promise<T>): Promise<T> => {
    try {
      await incarnation.opened()
      if (closed) throw new Error('the store is closed')
      return await run()
    } catch (error) {
      // A connection known to be down says why, better than the command that could not be sent.
      if (client.status !== 'ready') incarnation.current()
      throw failure(error)
    }
  }
  /** One round trip: everything is sent before anything is awaited. */
  const answer = (entry: string | undefined, states: () => Promise<readonly TagReply[]>): Promise<Fetched> =>
    call(async () => {
      const before = incarnation.current()
      const [known, stored, replies] = await Promise.all([epoch.read(), readEntry(client, entry), states()])
      // Flushed or evicted: a new epoch begins, which no entry can know.
      const found = known ?? (await epoch.ensure())
      if (incarnation.current() !== before)
        throw new Error('another server answers than when the call was sent')
      return { epoch: `${before}.${found}`, entry: known === null ? null : stored, tags: replies }
    })

  return {
    source: 'store',
    fetch: (entry, requests) =>
      answer(entry, () => Promise.all(requests.map((request) => readTags(client, request)))),
    seed: (requests, lifetime) =>
      answer(undefined, () => Promise.all(requests.map((request) => tags.seed(request, lifetime)))),
    mark: (request) => call(() => tags.mark(request)),
    renew: (request) => call(() => tags.mark(request)),
    finish: (request) => call(() => tags.finish(request)),
    set: (entry, bytes, lifetime) =>
      call(async () => {
        const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        await client.set(entry, value, 'PX', Math.max(1, Math.round(lifetime)))
      }),
    invalidateAll: () => call(() => epoch.renew()),
    ping: () => call(() => incarnation.check()),
    async close() {
      if (closed) return
      closed = true
      incarnation.stop()
      connection.close()
    },
  }
}
