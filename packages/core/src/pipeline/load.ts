// Tests mock the global one, and reads of the same entry wait for it.
import { setImmediate } from 'node:timers'
import type { CapturedOutcome } from '../capture/captured-dependencies.ts'
import type { ReadPlan } from '../plan/plan.ts'
import type { MissReason } from '../report/events.ts'
import type { LeaseEnd } from '../store/load-leases.ts'
import type { LookUpResult } from '../tier/look-up.ts'
import { type PutDeps, putEntry, type Stamp } from '../tier/put-entry.ts'
import type { CachedRead, PlannedRead, StateBeforeLoad } from './decide.ts'
import { allTags, confirm, evaluate, mustConfirm, mustSeed, recordedTags, type Storable } from './evaluate.ts'
import { keepRan } from './recent.ts'
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
  /** What the reads of the load contributed, if they were captured. */
  readonly captured?: CapturedOutcome | undefined
  /**
   * Whether all that was captured still is what the reads saw, now that the load has ended: the result is then as new as
   * this instant. Absent: nothing was captured.
   */
  readonly confirmed?: Promise<boolean> | undefined
  /** What was found, where another process has loaded it. */
  readonly hit?: LookUpResult
}

/** Names the load that callers may share: those who saw the same nonces before it. */
export function flightName(
  { key }: CachedRead<PlannedRead>,
  { epoch, observedTags }: StateBeforeLoad,
): string {
  return `${key.key} ${epoch} ${observedTags.map((tag) => tag.nonce).join(' ')}`
}

/** Called when the entry of a load is on its way to the store, or will not be. Not called if the load throws. */
type LoadEnded = (end: LeaseEnd) => void

/**
 * Runs the host's query and stores the result under the tags as they were before it.
 * @param lookedUp the result of its look-up, which may be served while the database cannot be reached.
 */
export async function load<T>(
  deps: LoadDeps,
  cachedRead: CachedRead<ReadPlan<T>>,
  reason: MissReason,
  before: StateBeforeLoad,
  lookedUp?: LookUpResult,
  ended: LoadEnded = () => {},
): Promise<LoadResult> {
  const began = deps.clock.now()
  const capture = cachedRead.plan.captures && deps.captures.start()
  let captured: CapturedOutcome | undefined
  let result: T
  try {
    result = await (capture ? capture.run(() => cachedRead.plan.run()) : cachedRead.plan.run())
  } catch (error) {
    const rescued = rescue(deps, cachedRead, lookedUp, error)
    // Callers that share the load decide by their own policies: there is nothing for them to copy.
    if (rescued) {
      ended('failed')
      return { result: rescued.value, payload: undefined }
    }
    reportRead(deps, cachedRead, reason)
    throw error
  } finally {
    captured = capture?.close()
  }
  if (deps.outage.active) deps.outage.answered()
  if (captured?.refusal) cachedRead.plan.captures?.(captured.refusal)
  const { payload, storable } = evaluate(
    deps,
    cachedRead,
    reason,
    before,
    result,
    // The time in a queue would make entries of a busy database be refreshed earlier, and that more often.
    deps.clock.now() - (cachedRead.queued?.over ?? began),
    captured,
  )
  const stored = storable && storeSoon(deps, cachedRead, storable, ended)
  if (!storable) ended('unstored')
  if (cachedRead.policy.maxStaleness) keepRan(deps, cachedRead, { result, payload, began, captured }, stored)
  if (!captured) return { result, payload }
  const empty = !captured.refusal && !captured.dependencies.tags.length
  return { result, payload, captured, confirmed: empty ? undefined : (stored ?? UNCONFIRMED) }
}

const UNCONFIRMED = Promise.resolve(false)

/** Entries that may wait for their callers: a program that never waits for anything would collect them without end. */
const MOST_AFTER_CALLER = 100

/**
 * Nobody waits for an entry to be stored, except those who ask for this very entry before it is on its way: they would find
 * it missing. Where its tags must be looked at again, that takes one question to the store, which has a deadline.
 * @param ended called after the entry is sent, over the same connection.
 */
function storeSoon(
  deps: LoadDeps,
  cachedRead: CachedRead<PlannedRead>,
  storable: Storable,
  ended: LoadEnded,
): Promise<boolean> | undefined {
  if (!mustConfirm(cachedRead, storable)) {
    const send = (): void => {
      void store(deps, cachedRead, storable, storable.recorded.tags)
      ended('stored')
    }
    if (deps.store.source === 'memory' || deps.storing.size >= MOST_AFTER_CALLER) send()
    else noteStoring(deps, cachedRead.key.key, afterCaller(send))
    return undefined
  }
  const confirmed = new Promise<boolean>((resolve) => {
    const no = (): void => resolve(false)
    void storeConfirmed(deps, cachedRead, storable, () => resolve(true)).then(no, no)
  })
  noteStoring(
    deps,
    cachedRead.key.key,
    confirmed.then(() => {}),
  )
  void confirmed.then((isStored) => ended(isStored ? 'stored' : 'unstored'))
  return confirmed
}

function noteStoring({ storing }: Pick<LoadDeps, 'storing'>, key: string, ended: Promise<void>): void {
  const sent = ended.finally(() => {
    if (storing.get(key) === sent) storing.delete(key)
  })
  storing.set(key, sent)
}

/** Runs `work` once the caller has its result, and has sent what it does next. */
function afterCaller(work: () => void): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => {
      work()
      resolve()
    })
  })
}

/** @param sent called when the entry is on its way to the store. */
async function storeConfirmed(
  deps: LoadDeps,
  cachedRead: CachedRead<PlannedRead>,
  storable: Storable,
  sent: () => void,
): Promise<void> {
  const all = allTags(cachedRead, storable)
  const after = mustSeed(storable)
    ? await deps.store.seed(all, 2 * deps.longestLifetime())
    : await deps.store.fetch(undefined, all)
  const confirmed = after.ok ? confirm(deps, cachedRead, storable, after.value) : undefined
  if (!confirmed) return
  const stored = store(deps, cachedRead, storable, confirmed)
  // Who asks from now on does so after it, over the same connection.
  sent()
  await stored
}

async function store(
  deps: LoadDeps,
  cachedRead: CachedRead<PlannedRead>,
  storable: Storable,
  tags: Stamp['tags'],
): Promise<void> {
  const { before, stamp, payload } = storable
  const renewal = { tags: recordedTags(cachedRead, storable, tags), lifetime: 2 * deps.longestLifetime() }
  await putEntry(deps, cachedRead, { ...stamp, epoch: before.epoch, tags }, payload, renewal)
}
