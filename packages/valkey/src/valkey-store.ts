import type { Fetched, Store } from '@larder/core'
import { tagChanges } from './change-tags.ts'
import { connect } from './connect.ts'
import { epochOf } from './epoch.ts'
import { watchIncarnation } from './incarnation.ts'
import { checkOptions, type ValkeyStoreOptions } from './options.ts'
import { type Found, readAll } from './read-all.ts'

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
  /** Answers are worth nothing unless the server that was asked is the one that is trusted, before and after. */
  const answer = (read: () => Promise<Found>): Promise<Fetched> =>
    call(async () => {
      const before = incarnation.current()
      const found = await read()
      // Flushed or evicted: a new epoch begins, which no entry can know.
      const present = found.epoch ?? (await epoch.ensure())
      if (incarnation.current() !== before)
        throw new Error('another server answers than when the call was sent')
      return {
        epoch: `${before}.${present}`,
        entry: found.epoch === null ? null : found.entry,
        tags: found.tags,
      }
    })

  return {
    source: 'store',
    fetch: (entry, requests) => answer(() => readAll(client, entry, requests)),
    seed: (requests, lifetime) =>
      answer(async () => {
        const [known, replies] = await Promise.all([
          epoch.read(),
          Promise.all(requests.map((request) => tags.seed(request, lifetime))),
        ])
        return { epoch: known, entry: null, tags: replies }
      }),
    mark: (request) => call(() => tags.mark(request)),
    renew: (request) => call(() => tags.mark(request)),
    finish: (request) => call(() => tags.finish(request)),
    set: (entry, bytes, lifetime) =>
      call(async () => {
        const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        await client.set(entry, value, 'PX', Math.max(1, Math.round(lifetime)))
      }),
    invalidateAll: () => call(() => epoch.renew()),
    async ping() {
      if (closed) throw failure(new Error('the store is closed'))
      await incarnation.check()
    },
    async close() {
      if (closed) return
      closed = true
      incarnation.stop()
      connection.close()
    },
  }
}
