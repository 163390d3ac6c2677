import type { Clock } from '../base/clock.ts'
import type { Entries, EntryOwner, OpenedEntry } from '../entry/entries.ts'
import { type Freshness, judge } from '../entry/freshness.ts'
import { sightsOf, type TagSights } from '../entry/observed-tags.ts'
import {
  askedForAll,
  createHints,
  type Hints,
  joinAnswers,
  learnedRequests,
  withLearned,
} from '../entry/result-dependencies.ts'
import type { GuardedStore } from '../store/guard.ts'
import type { Fetched } from '../store/store.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import type { LearnedCells } from '../tags/result-tags.ts'
import type { MemoryTier } from './memory-tier.ts'

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
  /** Of the tags of the read. */
  readonly sights: TagSights
  /** The same tags, with what the entry learned. */
  readonly tags: readonly ReadTag[]
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
  /** Whether a read with these tags must go past what this process has not finished writing. */
  readonly covers: (tags: readonly ReadTag[]) => boolean
}

/** Entries whose learned tags are remembered. */
const HINTS = 10_000

interface Room extends LookUpRoom {
  readonly entries: Entries
  readonly hints: Hints
}

export function createLookUp(given: LookUpRoom, entries: Entries): LookUp {
  const room: Room = { ...given, entries, hints: createHints(HINTS) }
  const { store, tier, clock, hints } = room
  const askAtOnce: LookUp['askAtOnce'] = (wanted) => {
    const seen = store.atOnce?.fetch(wanted.key.key, wanted.tags)
    const entry = seen && entries.open(seen.entry, wanted)
    const tags = knowing(room, wanted, entry?.learned ?? [])
    if (!tags) return UNFINISHED
    const all = tags === wanted.tags ? seen : store.atOnce?.fetch(undefined, tags)
    return all && judged(wanted, tags, entry, store.source, all)
  }

  return {
    recall(wanted) {
      // Half of what a hit costs are promises: a store of this process needs none.
      if (!tier) return askAtOnce(wanted)
      const { pushed } = tier
      // Without a tag there is no lease that could vouch for the epoch.
      if (!pushed || !wanted.tags.length || pushed.strictness.required()) return undefined
      const entry = tier.entries.get(wanted.key, wanted.started)
      const tags = entry && knowing(room, wanted, entry.learned)
      if (!tags) return undefined
      const found = judged(wanted, tags, entry, 'memory', pushed.tags.recall(tags))
      return found.fresh.kind === 'hit' ? found : undefined
    },
    async ask(wanted) {
      const kept = tier?.entries.get(wanted.key, wanted.started)
      if (kept) {
        const found = await validate(room, wanted, kept)
        if (found?.fresh.kind !== 'miss') return found
        // Another process may have stored a newer one: no miss before the store has been asked for that, too.
        tier?.entries.drop(wanted.key.key)
      }
      return askStore(room, wanted)
    },
    askAtOnce,
    keep({ key }, entry) {
      hints.note(key.key, entry.learned)
      tier?.entries.put(key, entry, clock.now())
    },
  }
}

const UNFINISHED: Found = {
  fresh: { kind: 'dirty' },
  entry: undefined,
  source: 'memory',
  epoch: '',
  sights: [],
  tags: [],
}

/**
 * The tags with those learned. Undefined where this process is writing to one of them: that must be known before the
 * store is asked, for a write whose mark failed may be finished before the answer is here.
 */
function knowing(
  { covers }: Room,
  { tags }: Wanted,
  learned: readonly LearnedCells[],
): readonly ReadTag[] | undefined {
  const all = withLearned(tags, learned)
  return all !== tags && covers(all) ? undefined : all
}

function judged(
  { tags, writing }: Wanted,
  all: readonly ReadTag[],
  entry: OpenedEntry | undefined,
  source: Found['source'],
  seen: Fetched,
): Found {
  const every = sightsOf(all, seen, writing)
  return {
    fresh: judge(entry?.sight, every, seen.epoch),
    entry,
    source,
    epoch: seen.epoch,
    // A hit does not look at these.
    get sights() {
      return all === tags ? every : sightsOf(tags, seen, writing)
    },
    tags: all,
  }
}

/** Asks for the tags of an entry that is kept. */
async function validate(room: Room, wanted: Wanted, kept: OpenedEntry): Promise<Found | undefined> {
  const tags = knowing(room, wanted, kept.learned)
  if (!tags) return UNFINISHED
  const seen = await room.store.fetch(undefined, tags)
  return seen.ok ? judged(wanted, tags, kept, 'memory', seen.value) : undefined
}

/** Asks for the entry and its tags, with those it learned as far as they are remembered. */
async function askStore(room: Room, wanted: Wanted): Promise<Found | undefined> {
  const { store, clock, tier, entries, hints } = room
  const name = wanted.key.key
  const asked = clock.now()
  const tags = knowing(room, wanted, hints.of(name))
  if (!tags) return UNFINISHED
  const seen = await store.fetch(name, tags)
  if (!seen.ok) return undefined
  const entry = entries.open(seen.value.entry, wanted)
  if (entry) hints.note(name, entry.learned)
  const found =
    entry && !askedForAll(tags, entry.learned)
      ? await askFurther(room, wanted, entry, seen.value)
      : judged(wanted, tags, entry, store.source, seen.value)
  if (entry && found?.fresh.kind === 'hit') tier?.entries.put(wanted.key, entry, asked)
  return found
}

/** The entry learned what was not asked for: these cells are asked for now, later than their records, as they should be. */
async function askFurther(
  room: Room,
  wanted: Wanted,
  entry: OpenedEntry,
  seen: Fetched,
): Promise<Found | undefined> {
  const { store } = room
  const all = knowing(room, wanted, entry.learned)
  if (!all) return UNFINISHED
  const more = await store.fetch(undefined, learnedRequests(all))
  if (!more.ok) return undefined
  // Seen in two epochs, the one says nothing of the other: without what it learned the entry is none.
  if (more.value.epoch !== seen.epoch) return judged(wanted, wanted.tags, entry, store.source, seen)
  return judged(wanted, all, entry, store.source, joinAnswers(all, seen, more.value))
}
