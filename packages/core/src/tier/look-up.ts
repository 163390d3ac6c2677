import type { Entries, OpenedEntry } from '../entry/entries.ts'
import { createKnownResultCells } from '../entry/result-dependencies.ts'
import {
  BEING_WRITTEN,
  decide,
  type EntryRequest,
  fetchEntry,
  type LookUpContext,
  type LookUpDeps,
  validate,
  withKnownDependencies,
} from './fetch-entry.ts'
import type { LookUpResult } from './found-entry.ts'
import type { MemoryTier } from './memory-tier.ts'

export type { EntryRequest, LookUpDeps } from './fetch-entry.ts'
export type { LookUpResult } from './found-entry.ts'

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

/** Entries whose result dependencies are remembered. */
const HINTS = 10_000

export function createLookUp(given: LookUpDeps, entries: Entries): LookUp {
  const deps: LookUpContext = { ...given, entries, knownResultCells: createKnownResultCells(HINTS) }
  const { store, tier, clock, knownResultCells } = deps
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
      const kept = tier?.entries.get(wanted.key, wanted.started)
      // One that has expired may have a successor in the store, which brings the tags as well.
      return kept && kept.state.remaining > 0 ? validate(deps, wanted, kept) : fetchEntry(deps, wanted)
    },
    fetchStored: (wanted) => fetchEntry(deps, wanted),
    fetchSync,
    keep({ key }, entry) {
      knownResultCells.note(key.key, entry.resultCells)
      tier?.entries.put(key, entry, clock.now())
    },
  }
}

/** True if an expired entry will do for the read while it is refreshed. */
export function isServable({ policy }: EntryRequest, { fresh, entry }: LookUpResult): boolean {
  if (!policy?.staleWhileRevalidate || !entry || fresh.kind !== 'miss' || fresh.reason !== 'expired')
    return false
  return -entry.state.remaining < policy.staleWhileRevalidate
}
