import type { Entries, OpenedEntry } from '../entry/entries.ts'
import { withResultCells } from '../entry/observed-tags.ts'
import {
  createKnownResultCells,
  includesAll,
  joinAnswers,
  type KnownResultCells,
  resultCellRequests,
} from '../entry/result-dependencies.ts'
import type { Guarded } from '../store/guarded.ts'
import type { Receiver } from '../store/guarded-reads.ts'
import type { Fetched } from '../store/store.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import type { ResultCells } from '../tags/result-tags.ts'
import { createSharedLookUps, FoundEntry, type LookUpResult, type PendingLookUp } from './look-up-results.ts'
import type { EntryRequest, LookUp, LookUpDeps } from './look-up-types.ts'
import type { MemoryTier } from './memory-tier.ts'

export type { LookUpResult } from './look-up-results.ts'
export type { EntryRequest, LookUp } from './look-up-types.ts'

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

/** True if an expired entry will do for the read while it is refreshed. */
export function isServable({ policy }: EntryRequest, { fresh, entry }: LookUpResult): boolean {
  if (!policy?.staleWhileRevalidate || !entry || fresh.kind !== 'miss' || fresh.reason !== 'expired')
    return false
  return -entry.state.remaining < policy.staleWhileRevalidate
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
  resultCells: readonly ResultCells[],
): readonly ReadTag[] | undefined {
  const all = withResultCells(tags, resultCells)
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

/** Fetches the tags of an entry in the memory tier, and the entry of the store if they have changed. */
function validate(deps: LookUpContext, wanted: EntryRequest, kept: OpenedEntry): PendingLookUp {
  const tags = withKnownDependencies(deps, wanted, kept.resultCells)
  if (!tags) return Promise.resolve(BEING_WRITTEN)
  return new Promise((resolve, reject) => {
    const receiver = new LookUpReceiver(deps, wanted, tags, kept, resolve, reject)
    deps.store.fetchFor(receiver, undefined, tags)
  })
}

/** Fetches an entry and its tags, with those result dependencies that are remembered. */
function fetchEntry(deps: LookUpContext, wanted: EntryRequest): PendingLookUp {
  const name = wanted.key.key
  const tags = withKnownDependencies(deps, wanted, deps.knownResultCells.of(name))
  if (!tags) return Promise.resolve(BEING_WRITTEN)
  return new Promise((resolve, reject) => {
    const receiver = new LookUpReceiver(deps, wanted, tags, undefined, resolve, reject)
    deps.store.fetchFor(receiver, name, tags)
  })
}

/** Waits for the reply to a look-up. A class, and no closures: every hit over a server makes one. */
class LookUpReceiver implements Receiver {
  private readonly deps: LookUpContext
  private readonly wanted: EntryRequest
  private readonly tags: readonly ReadTag[]
  private readonly kept: OpenedEntry | undefined
  /** Without a memory tier nobody asks. */
  private readonly began: number
  private readonly resolve: (lookedUp: LookUpResult | undefined | PendingLookUp) => void
  private readonly reject: (error: unknown) => void

  /** @param kept what the memory tier has, of which only the tags are asked. */
  constructor(
    deps: LookUpContext,
    wanted: EntryRequest,
    tags: readonly ReadTag[],
    kept: OpenedEntry | undefined,
    resolve: (lookedUp: LookUpResult | undefined | PendingLookUp) => void,
    reject: (error: unknown) => void,
  ) {
    this.deps = deps
    this.wanted = wanted
    this.tags = tags
    this.kept = kept
    this.began = deps.tier && !kept ? deps.clock.now() : 0
    this.resolve = resolve
    this.reject = reject
  }

  answered(reply: Guarded<Fetched>): void {
    try {
      if (!reply.ok) this.resolve(undefined)
      else if (this.kept) this.resolve(this.validated(this.kept, reply.value))
      else this.resolve(this.opened(reply.value))
    } catch (error) {
      this.reject(error)
    }
  }

  private validated(kept: OpenedEntry, fetched: Fetched): LookUpResult | PendingLookUp {
    const { deps, wanted, tags } = this
    const lookedUp = decide(wanted, tags, kept, 'memory', fetched)
    if (lookedUp.fresh.kind !== 'miss') return lookedUp
    // Another process may have stored a newer entry: ask the store before calling it a miss.
    deps.tier?.entries.drop(wanted.key.key)
    return fetchEntry(deps, wanted)
  }

  private opened(fetched: Fetched): LookUpResult | undefined | PendingLookUp {
    const { deps, wanted, tags, began } = this
    const entry = deps.entries.open(fetched.entry, wanted)
    if (entry) deps.knownResultCells.note(wanted.key.key, entry.resultCells)
    if (entry && !includesAll(tags, entry.resultCells))
      return fetchResultCells(deps, wanted, entry, fetched).then((lookedUp) =>
        keepValid(deps, wanted, lookedUp, began),
      )
    return keepValid(deps, wanted, decide(wanted, tags, entry, deps.store.source, fetched), began)
  }
}

/** Puts a valid entry into the memory tier. @param fetchedAt when it was fetched. */
function keepValid(
  { tier }: LookUpContext,
  { key }: EntryRequest,
  lookedUp: LookUpResult | undefined,
  fetchedAt: number,
): LookUpResult | undefined {
  if (tier && lookedUp?.entry && isValid(lookedUp)) tier.entries.put(key, lookedUp.entry, fetchedAt)
  return lookedUp
}

/** True if nothing but its age may be wrong with the entry. */
function isValid({ fresh }: LookUpResult): boolean {
  return fresh.kind === 'hit' || (fresh.kind === 'miss' && fresh.reason === 'expired')
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
