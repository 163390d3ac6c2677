import type { Clock } from '../clock.ts'
import { type Freshness, judge } from '../policy/freshness.ts'
import type { GuardedStore } from '../store/guard.ts'
import type { Fetched } from '../store/store.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import type { Entries, EntryOwner, OpenedEntry } from './entries.ts'
import type { MemoryTier } from './memory-tier.ts'
import { sightsOf, type TagSights } from './sight.ts'

/** A read, as far as looking it up goes. */
export interface Wanted extends EntryOwner {
  /** When the read began, by the clock. */
  readonly started: number
  readonly tags: readonly ReadTag[]
  /** Records this process was writing to when the read began. */
  readonly writing: ReadonlySet<string>
}

/** An entry, if there is one, and the tags of the read, seen together. */
export interface Found {
  readonly fresh: Freshness
  readonly entry: OpenedEntry | undefined
  /** Where the entry came from. */
  readonly source: 'memory' | 'store'
  readonly epoch: string
  readonly sights: TagSights
}

/** Looks entries up in the memory tier and in the store. */
export interface LookUp {
  /** What can be told without waiting: a hit of the memory tier, or all that a store says which answers at once. */
  recall(wanted: Wanted): Found | undefined
  /** Asks the store, for what the memory tier does not have. Undefined: the store cannot be asked. */
  ask(wanted: Wanted): Promise<Found | undefined>
  /** The same of a store that answers at once. Undefined: it is none. */
  askAtOnce(wanted: Wanted): Found | undefined
  /** Keeps an entry of this process in the memory tier. */
  keep(wanted: Wanted, entry: OpenedEntry): void
}

/** What looking up needs, wired by the composition root. */
export interface LookUpRoom {
  readonly store: GuardedStore
  readonly clock: Clock
  readonly tier: MemoryTier | undefined
}

export function createLookUp({ store, clock, tier }: LookUpRoom, entries: Entries): LookUp {
  const judged = (
    { tags, writing }: Wanted,
    entry: OpenedEntry | undefined,
    source: Found['source'],
    seen: Fetched,
  ): Found => {
    const sights = sightsOf(tags, seen, writing)
    return { fresh: judge(entry?.sight, sights, seen.epoch), entry, source, epoch: seen.epoch, sights }
  }

  const askAtOnce: LookUp['askAtOnce'] = (wanted) => {
    const seen = store.atOnce?.fetch(wanted.key.key, wanted.tags)
    return seen && judged(wanted, entries.open(seen.entry, wanted), store.source, seen)
  }

  return {
    recall(wanted) {
      // Half of what a hit costs are promises: a store of this process needs none.
      if (!tier) return askAtOnce(wanted)
      const { pushed } = tier
      // Without a tag there is no lease that could vouch for the epoch.
      if (!pushed || !wanted.tags.length || pushed.strictness.required()) return undefined
      const entry = tier.entries.get(wanted.key, wanted.started)
      if (!entry) return undefined
      const found = judged(wanted, entry, 'memory', pushed.tags.recall(wanted.tags))
      return found.fresh.kind === 'hit' ? found : undefined
    },
    async ask(wanted) {
      const { key, tags, started } = wanted
      const kept = tier?.entries.get(key, started)
      if (kept) {
        const seen = await store.fetch(undefined, tags)
        if (!seen.ok) return undefined
        const found = judged(wanted, kept, 'memory', seen.value)
        if (found.fresh.kind !== 'miss') return found
        // Another process may have stored a newer one: no miss before the store has been asked for that, too.
        tier?.entries.drop(key.key)
      }
      const asked = clock.now()
      const seen = await store.fetch(key.key, tags)
      if (!seen.ok) return undefined
      const entry = entries.open(seen.value.entry, wanted)
      const found = judged(wanted, entry, store.source, seen.value)
      if (entry && found.fresh.kind === 'hit') tier?.entries.put(key, entry, asked)
      return found
    },
    askAtOnce,
    keep: ({ key }, entry) => tier?.entries.put(key, entry, clock.now()),
  }
}
