import type { ReadPlan } from '../plan/plan.ts'
import type { MissReason } from '../report/events.ts'
import type { LookUpResult } from '../tier/look-up.ts'
import { type PutDeps, putEntry, type Stamp } from '../tier/put-entry.ts'
import {
  allTags,
  type Before,
  type CachedRead,
  confirm,
  evaluate,
  mustConfirm,
  type PlannedRead,
  type Storable,
} from './decide.ts'
import { reportRead } from './report-read.ts'
import { type RescueDeps, rescue } from './rescue.ts'

/** What loading needs, wired by the composition root. */
export interface LoadDeps extends RescueDeps, PutDeps {
  /** Entries of this process that are about to be stored, by name: whoever wants one waits for that. */
  readonly storing: Map<string, Promise<void>>
  /** Longest lifetime of any entry, in milliseconds: tags must outlive it. */
  longestLifetime(): number
}

/** What a load leaves for the callers that joined it. */
export interface LoadResult {
  readonly result: unknown
  /** The result's bytes; undefined when it could not be encoded. */
  readonly payload: Uint8Array | undefined
}

/** Names the load that callers may share: those who saw the same nonces before it. */
export function flightName({ key }: CachedRead<PlannedRead>, { epoch, observedTags }: Before): string {
  return `${key.key} ${epoch} ${observedTags.map((tag) => tag.nonce).join(' ')}`
}

/**
 * Runs the host's query and stores the result under the tags as they were before it.
 * @param found what the read found, which may be served while the database cannot be reached.
 */
export async function load<T>(
  deps: LoadDeps,
  one: CachedRead<ReadPlan<T>>,
  reason: MissReason,
  before: Before,
  found?: LookUpResult,
): Promise<LoadResult> {
  const began = deps.clock.now()
  let result: T
  try {
    result = await one.plan.run()
  } catch (error) {
    const rescued = rescue(deps, one, found, error)
    // Callers that share the load decide by their own policies: there is nothing for them to copy.
    if (rescued) return { result: rescued.value, payload: undefined }
    reportRead(deps, one, reason)
    throw error
  }
  if (deps.outage.active) deps.outage.answered()
  const { payload, storable } = evaluate(deps, one, reason, before, result, deps.clock.now() - began)
  if (storable) storeSoon(deps, one, storable)
  return { result, payload }
}

/**
 * Nobody waits for an entry to be stored, except those who ask for this very entry before it is known whether it may be
 * stored: what they would find missing is on its way. That takes one question to the store, which has a deadline.
 */
function storeSoon(deps: LoadDeps, one: CachedRead<PlannedRead>, storable: Storable): void {
  const { storing } = deps
  const { key } = one.key
  if (!mustConfirm(one, storable)) {
    void store(deps, one, storable, storable.recorded.tags)
    return
  }
  const sent = new Promise<void>((resolve) => {
    void storeConfirmed(deps, one, storable, resolve).then(resolve, resolve)
  }).finally(() => {
    if (storing.get(key) === sent) storing.delete(key)
  })
  storing.set(key, sent)
}

/** @param sent called when the entry is on its way to the store, or will not be. */
async function storeConfirmed(
  deps: LoadDeps,
  one: CachedRead<PlannedRead>,
  storable: Storable,
  sent: () => void,
): Promise<void> {
  const all = allTags(one, storable)
  const after = storable.recorded.resultCells.length
    ? await deps.store.seed(all, 2 * deps.longestLifetime())
    : await deps.store.fetch(undefined, all)
  const held = after.ok ? confirm(deps, one, storable, after.value) : undefined
  if (!held) return
  const stored = store(deps, one, storable, held)
  // Who asks from now on does so after it, over the same connection.
  sent()
  await stored
}

async function store(
  deps: LoadDeps,
  one: CachedRead<PlannedRead>,
  storable: Storable,
  tags: Stamp['tags'],
): Promise<void> {
  const { before, stamp, payload } = storable
  const renewal = { tags: allTags(one, storable), lifetime: 2 * deps.longestLifetime() }
  await putEntry(deps, one, { ...stamp, epoch: before.epoch, tags }, payload, renewal)
}
