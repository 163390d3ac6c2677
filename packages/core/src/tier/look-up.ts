import type { Clock } from '../base/clock.ts'
import type { Entries, EntryOwner, OpenedEntry } from '../entry/entries.ts'
import { withResultCells } from '../entry/observed-tags.ts'
import {
  createKnownResultCells,
  includesAll,
  joinAnswers,
  type KnownResultCells,
  resultCellRequests,
} from '../entry/result-dependencies.ts'
import type { Policy } from '../plan/policy.ts'
import type { GuardedStore } from '../store/guard.ts'
import type { Fetched } from '../store/store.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import type { ResultCells } from '../tags/result-tags.ts'
import { createSharedLookUps, FoundEntry, type LookUpResult, type PendingLookUp } from './look-up-results.ts'
import type { MemoryTier } from './memory-tier.ts'

export type { LookUpResult } from './look-up-results.ts'

/** What a look-up needs to know about a read. */
export interface EntryRequest extends EntryOwner {
  /** When the read started, by the clock. */
  readonly started: number
  readonly tags: readonly ReadTag[]
  /** Records to which this process was writing when the read started. */
  readonly writing: ReadonlySet<string>
  /** How long after its expiry an entry will do for the read. Default: not at all. */
  readonly policy?: Pick<Policy, 'staleWhileRevalidate'>
}

/** Looks entries up in the memory tier and in the store. */
export interface LookUp {
  /** Looks up without waiting: a hit in the memory tier, or anything in a synchronous store. Undefined: use `fetch`. */
  tryLocal(wanted: EntryRequest): LookUpResult | undefined
  /** What the memory tier has, expired or not, if its tags are known without asking the store. */
  tryKept(wanted: EntryRequest): LookUpResult | undefined
  /** Fetches from the store what the memory tier does not have. Undefined: the store is unavailable. */
  fetch(wanted: EntryRequest): Promise<LookUpResult | undefined>
  /** Fetches from the store whatever the memory tier has: another process may have renewed the entry. */
  fetchStored(wanted: EntryRequest): Promise<LookUpResult | undefined>
  /** The same with a synchronous store. Undefined: the store is not synchronous. */
  fetchSync(wanted: EntryRequest): LookUpResult | undefined
  /** Puts an entry of this process into the memory tier. */
  keep(wanted: EntryRequest, entry: OpenedEntry): void
}

/** What looking up needs, wired by the composition root. */
export interface LookUpDeps {
  readonly store: GuardedStore
  readonly clock: Clock
  readonly tier: MemoryTier | undefined
  /** Whether a read with these tags must bypass the cache because of a pending write of this process. */
  readonly mustBypass: (tags: readonly ReadTag[]) => boolean
  /** Whether this process has a pending write. */
  readonly pending: { readonly any: boolean }
}

/** Entries whose result dependencies are remembered. */
const HINTS = 10_000

interface LookUpContext extends LookUpDeps {
  readonly entries: Entries
  readonly knownResultCells: KnownResultCells
}

export function createLookUp(given: LookUpDeps, entries: Entries): LookUp {
  const deps: LookUpContext = { ...given, entries, knownResultCells: createKnownResultCells(HINTS) }
  const { store, tier, clock, knownResultCells, pending } = deps
  const shared = createSharedLookUps({ packetsSent: store.packetsSent, pending })
  const fetchSync: LookUp['fetchSync'] = (wanted) => {
    const reply = store.sync?.fetch(wanted.key.key, wanted.tags)
    const entry = reply && entries.open(reply.entry, wanted)
    const tags = withKnownDependencies(deps, wanted, entry?.resultCells ?? [])
    if (!tags) return BEING_WRITTEN
    const all = tags === wanted.tags ? reply : store.sync?.fetch(undefined, tags)
    return all && decide(wanted, tags, entry, store.source, all)
  }
  const fromPushed = (
    wanted: EntryRequest,
    { entries: kept }: MemoryTier,
    pushed: NonNullable<MemoryTier['pushed']>,
  ): LookUpResult | undefined => {
    if (pushed.strictLoads.isActive()) return undefined
    const entry = kept.get(wanted.key, wanted.started)
    const tags = entry && withKnownDependencies(deps, wanted, entry.resultCells)
    // Without a tag there is no lease, and nothing says whether the epoch is still the same.
    return tags?.length ? decide(wanted, tags, entry, 'memory', pushed.tags.lookUp(tags)) : undefined
  }

  return {
    tryLocal(wanted) {
      // Promises are half the cost of a hit, and a store in this process needs none.
      if (!tier) return fetchSync(wanted)
      const lookedUp = tier.pushed && fromPushed(wanted, tier, tier.pushed)
      return lookedUp && (lookedUp.fresh.kind === 'hit' || isServable(wanted, lookedUp))
        ? lookedUp
        : undefined
    },
    tryKept: (wanted) => tier?.pushed && fromPushed(wanted, tier, tier.pushed),
    fetch(wanted) {
      const joined = shared.join(wanted)
      if (joined) return joined
      const kept = tier?.entries.get(wanted.key, wanted.started)
      const remaining = kept ? kept.state.remaining : 0
      // One that has expired may have a successor in the store, which brings the tags as well.
      return kept && remaining > 0
        ? shared.begin(wanted, wanted.started + remaining, () => validate(deps, wanted, kept))
        : shared.begin(wanted, Number.POSITIVE_INFINITY, () => fetchEntry(deps, wanted))
    },
    fetchStored: (wanted) => fetchEntry(deps, wanted),
    fetchSync,
    keep({ key }, entry) {
      knownResultCells.note(key.key, entry.resultCells)
      tier?.entries.put(key, entry, clock.now())
    },
  }
}

const BEING_WRITTEN: LookUpResult = {
  fresh: { kind: 'dirty' },
  entry: undefined,
  source: 'memory',
  epoch: '',
  observedTags: [],
  tags: [],
}

/**
 * Adds the result dependencies of an entry to the tags of the read. Undefined if this process is writing to one of them: that
 * must be checked before the store is asked, because a write whose mark failed may finish before the reply arrives.
 */
function withKnownDependencies(
  { mustBypass }: LookUpContext,
  { tags }: EntryRequest,
  learned: readonly ResultCells[],
): readonly ReadTag[] | undefined {
  const all = withResultCells(tags, learned)
  return all !== tags && mustBypass(all) ? undefined : all
}

function decide(
  { tags, writing }: EntryRequest,
  all: readonly ReadTag[],
  entry: OpenedEntry | undefined,
  source: LookUpResult['source'],
  seen: Fetched,
): LookUpResult {
  return new FoundEntry(tags, writing, all, entry, source, seen)
}

// The next two have callbacks instead of awaits, because every hit over a server comes here.

/** Fetches the tags of an entry in the memory tier, and the entry of the store if they have changed. */
function validate(deps: LookUpContext, wanted: EntryRequest, kept: OpenedEntry): PendingLookUp {
  const tags = withKnownDependencies(deps, wanted, kept.resultCells)
  if (!tags) return Promise.resolve(BEING_WRITTEN)
  return fetchThen(deps, undefined, tags, (fetched) => {
    const lookedUp = decide(wanted, tags, kept, 'memory', fetched)
    if (lookedUp.fresh.kind !== 'miss') return lookedUp
    // Another process may have stored a newer entry: ask the store before calling it a miss.
    deps.tier?.entries.drop(wanted.key.key)
    return fetchEntry(deps, wanted)
  })
}

/** Fetches an entry and its tags, with those result dependencies that are remembered. */
function fetchEntry(deps: LookUpContext, wanted: EntryRequest): PendingLookUp {
  const { store, clock, knownResultCells } = deps
  const name = wanted.key.key
  const began = clock.now()
  const tags = withKnownDependencies(deps, wanted, knownResultCells.of(name))
  if (!tags) return Promise.resolve(BEING_WRITTEN)
  return fetchThen(deps, name, tags, (fetched) => {
    const entry = deps.entries.open(fetched.entry, wanted)
    if (entry) knownResultCells.note(name, entry.resultCells)
    if (entry && !includesAll(tags, entry.resultCells))
      return fetchResultCells(deps, wanted, entry, fetched).then((lookedUp) =>
        keepValid(deps, wanted, lookedUp, began),
      )
    return keepValid(deps, wanted, decide(wanted, tags, entry, store.source, fetched), began)
  })
}

/** What `evaluate` makes of the reply. Undefined: the store is unavailable. */
function fetchThen(
  { store }: LookUpContext,
  entry: string | undefined,
  tags: readonly ReadTag[],
  evaluate: (fetched: Fetched) => LookUpResult | undefined | PendingLookUp,
): PendingLookUp {
  return new Promise((resolve, reject) => {
    store.fetchWith(entry, tags, (reply) => {
      try {
        resolve(reply.ok ? evaluate(reply.value) : undefined)
      } catch (error) {
        reject(error)
      }
    })
  })
}

/** Puts a valid entry into the memory tier. @param asked when it was fetched. */
function keepValid(
  { tier }: LookUpContext,
  { key }: EntryRequest,
  found: LookUpResult | undefined,
  asked: number,
): LookUpResult | undefined {
  if (tier && found?.entry && isValid(found)) tier.entries.put(key, found.entry, asked)
  return found
}

/** True if nothing but its age may be wrong with the entry. */
function isValid({ fresh }: LookUpResult): boolean {
  return fresh.kind === 'hit' || (fresh.kind === 'miss' && fresh.reason === 'expired')
}

/** True if an expired entry will do for the read while it is refreshed. */
export function isServable({ policy }: EntryRequest, { fresh, entry }: LookUpResult): boolean {
  if (!policy?.staleWhileRevalidate || !entry || fresh.kind !== 'miss' || fresh.reason !== 'expired')
    return false
  return -entry.state.remaining < policy.staleWhileRevalidate
}

/** Fetches result dependencies that were not remembered. Cells are read after their records, as they must be. */
async function fetchResultCells(
  deps: LookUpContext,
  wanted: EntryRequest,
  entry: OpenedEntry,
  seen: Fetched,
): Promise<LookUpResult | undefined> {
  const { store } = deps
  const all = withKnownDependencies(deps, wanted, entry.resultCells)
  if (!all) return BEING_WRITTEN
  const more = await store.fetch(undefined, resultCellRequests(all))
  if (!more.ok) return undefined
  // Two epochs cannot be combined: without its result dependencies the entry is a miss.
  if (more.value.epoch !== seen.epoch) return decide(wanted, wanted.tags, entry, store.source, seen)
  return decide(wanted, all, entry, store.source, joinAnswers(all, seen, more.value))
}
