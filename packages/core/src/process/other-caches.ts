import type { Clock } from '../base/clock.ts'
import { bump, bumpAll, type NewToken } from '../marks/finish.ts'
import { createJournal, type Journal } from '../marks/journal.ts'
import { createPendingWrites, type PendingWrites } from '../marks/pending-writes.ts'
import type { CacheConfig } from '../options/config.ts'
import type { Events } from '../report/events.ts'
import type { GuardedStore } from '../store/guard.ts'
import { MEMORY_FORMAT } from '../store/memory-format.ts'
import { RECORD_SPELLING } from '../tags/spelling.ts'
import type { MemoryTier } from '../tier/memory-tier.ts'
import {
  type AnnounceDeps,
  announcedWrites,
  createAnnounce,
  receiveAnnouncements,
} from './announced-writes.ts'
import { joinProcess, type Membership, type ProcessCache } from './process-caches.ts'

/** Every store knows an epoch that another cache of this process began after this time, in milliseconds. */
const EPOCH_KNOWN = 2_000

/** What joining the other caches of the process needs. */
export interface OtherCachesDeps {
  readonly config: CacheConfig
  readonly events: Events
  readonly clock: Clock
  readonly store: GuardedStore
  readonly tier: MemoryTier | undefined
  readonly newToken: NewToken
}

/** What a cache gets from joining the other caches of its process: all of them see each other's writes at once. */
export interface OtherCaches {
  readonly pendingWrites: PendingWrites
  readonly journal: Journal
  /** The same text for all caches that share their tags. Undefined: no other cache can share the tags of this one. */
  readonly place: string | undefined
  leave(): void
}

/**
 * Joins a cache to the others of this process that use the same tags. They may come from several copies of this module, or from
 * one module that was evaluated again.
 */
export function joinOtherCaches(deps: OtherCachesDeps): OtherCaches {
  const { config, events, clock, store, tier, newToken } = deps
  const { namespace } = config
  const { sharedAs } = config.store
  const ownWrites = createPendingWrites(clock.now)
  if (sharedAs === undefined)
    return {
      pendingWrites: ownWrites,
      journal: createJournal({ store, clock, events, pendingWrites: ownWrites }),
      place: undefined,
      leave() {},
    }
  const inMemory = store.source === 'memory'
  const announcing: AnnounceDeps & { membership: Membership | undefined } = {
    membership: undefined,
    format: MEMORY_FORMAT,
    spelling: RECORD_SPELLING,
    inMemory,
    open: () => !store.closed,
  }
  const pendingWrites = announcedWrites(ownWrites, createAnnounce(announcing))
  const journal = createJournal({ store, clock, events, pendingWrites })
  // What another cache has announced must not be announced again.
  const bumping = { store, journal, newToken, pendingWrites: ownWrites }
  const self: ProcessCache = {
    store: sharedAs,
    namespace,
    format: MEMORY_FORMAT,
    spelling: RECORD_SPELLING,
    remembers: ownWrites.isRemembering,
    pending: receiveAnnouncements({
      pendingWrites: ownWrites,
      invalidate: (tags) => (tags ? bump(bumping, tags) : bumpAll(bumping)),
      drop: (records) => tier?.changed(records),
      afterEpoch: (then) => void (inMemory ? then() : clock.after(EPOCH_KNOWN, then)),
    }),
  }
  const membership = joinProcess(self)
  announcing.membership = membership
  if (inMemory && membership.siblings().some(({ format }) => format !== MEMORY_FORMAT))
    // Listeners are added to a cache after it was created.
    setImmediate(() => events.emit('warning', { code: 'memory-format', message: otherFormat(namespace) }))
  return { pendingWrites, journal, place: `${sharedAs} ${namespace}`, leave: membership.leave }
}

function otherFormat(namespace: string): string {
  return `two versions of @larder/core keep the namespace ${namespace} in this process and cannot share a memory store: each invalidates what the other writes, whole tables at a time. Install one version, or give each its own namespace if they use different databases`
}
