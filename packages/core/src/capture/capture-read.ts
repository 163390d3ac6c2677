import type { EntryTag } from '../codec/envelope.ts'
import { hasMissing, type ObservedTags, observeTags } from '../entry/observed-tags.ts'
import { type RecordedTags, recordTags } from '../entry/recorded-tags.ts'
import { type PendingWrites, recordsBeingWritten } from '../marks/pending-writes.ts'
import type { CapturedRead, CapturedTags, Refusal } from '../plan/contribution.ts'
import type { ReadPlan } from '../plan/plan.ts'
import type { BypassReason } from '../report/events.ts'
import type { GuardedStore } from '../store/guard.ts'
import type { SyncStore } from '../store/store.ts'
import type { DeriveTags } from '../tags/known-tags.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import { fieldName, LIST } from '../tags/spelling.ts'
import type { LookUpResult } from '../tier/look-up.ts'
import type { CapturedOutcome } from './captured-dependencies.ts'
import type { Captures } from './captures.ts'

// What a read contributes to the computed value whose load it is part of. None of this runs outside such a load.

/** What contributing needs, wired by the composition root. */
interface CaptureDeps {
  readonly captures: Captures
  readonly pendingWrites: PendingWrites
  readonly tagsOf: DeriveTags
}

/** The same for reads of databases that answer later. */
interface FetchDeps extends CaptureDeps {
  readonly store: Pick<GuardedStore, 'fetch' | 'seed'>
  longestLifetime(): number
}

/** A read inside such a load. */
interface ReadInLoad {
  readonly plan: Pick<ReadPlan<unknown>, 'policy' | 'occurrences' | 'dependencies'>
  readonly capture: CapturedRead
}

/** The tags of a read before its query runs. */
interface StateBeforeQuery {
  readonly epoch: string
  readonly observedTags: ObservedTags
}

/** A hit depends on what its entry recorded, with the nonces that were just found unchanged. */
export function contributeHit(
  { captures }: Pick<CaptureDeps, 'captures'>,
  capture: CapturedRead,
  { tags, entry, epoch }: LookUpResult,
): void {
  const { nonces } = entry?.state ?? {}
  if (!nonces) return
  const recorded = tags.map(({ record, fields, cells }): CapturedTags => {
    const nonceOf = (name: string, key = name): EntryTag[] => {
      const nonce = nonces.get(key)
      return nonce === undefined ? [] : [[name, nonce]]
    }
    return {
      record,
      fields: fields.flatMap((field) => nonceOf(field, fieldName(record, field))),
      cells: cells.flatMap((cell) => nonceOf(cell)),
    }
  })
  capture.contribute({ place: captures.place, epoch, tags: recorded })
}

/**
 * A load depends on what its entry would record.
 * @param recorded undefined: a tag was dirty, or could not be read before the load.
 * @param nested what the reads inside this load made of it.
 */
export function contributeLoad(
  { captures }: Pick<CaptureDeps, 'captures'>,
  capture: CapturedRead,
  { epoch, observedTags }: StateBeforeQuery,
  recorded: RecordedTags | undefined,
  nested?: CapturedOutcome,
): void {
  const inner = nested?.dependencies?.contribution
  const cause =
    nested?.refusal ?? (recorded && (inner?.epoch ?? epoch) === epoch ? undefined : BYPASSES.dirty)
  if (cause || !recorded) {
    if (cause) capture.refuse(cause)
    return
  }
  const tags = recorded.tags.map(({ record, fields, cells }): CapturedTags => {
    const named = recorded.resultCells.find((other) => other.record === record)
    if (!named) return { record, fields, cells }
    return {
      record,
      fields,
      cells,
      resultCells: { cells: named.cells, list: listNonce(observedTags, record) },
    }
  })
  capture.contribute({ place: captures.place, epoch, tags: inner ? [...tags, ...inner.tags] : tags })
}

/** The same for the load of another caller, which saw the same tags, or began after this one had seen them. */
export function contributeShared(
  deps: Pick<CaptureDeps, 'captures'>,
  { capture, tags }: { readonly capture: CapturedRead | undefined; readonly tags: readonly ReadTag[] },
  before: StateBeforeQuery,
  result: unknown,
  nested: CapturedOutcome | undefined,
): void {
  if (capture) contributeLoad(deps, capture, before, recordTags(tags, before.observedTags, result), nested)
}

function listNonce(observedTags: ObservedTags, record: string): string {
  return observedTags.find(({ name }) => name === fieldName(record, LIST))?.nonce ?? ''
}

type Cause = Omit<Refusal, 'operation'>

/** What a bypass does to the computed value around it. */
const BYPASSES: Readonly<Partial<Record<BypassReason, Cause>>> = {
  dirty: { reason: 'dirty', because: 'a dependency was being written', permanent: false },
  transaction: { reason: 'transaction', because: 'it is part of a transaction', permanent: true },
  lock: { reason: 'lock', because: 'it takes a lock', permanent: true },
  opaque: {
    reason: 'opaque',
    because: 'nothing tells what its result depends on: declare that with `reads`, or leave it out of load',
    permanent: true,
  },
  unavailable: { reason: 'unavailable', because: 'the store did not answer', permanent: false },
}

/**
 * Keeps the computed value from being stored if the read bypasses the cache for a reason that the value shares. A read that
 * only has no policy contributes like any other: see {@link runUncached}.
 */
export function refuseBypass(capture: CapturedRead, reason: BypassReason): void {
  const cause = BYPASSES[reason]
  if (cause) capture.refuse(cause)
}

/** The tags of a read that nothing is stored of. */
interface Uncached {
  readonly tags: readonly ReadTag[]
  readonly writing: ReadonlySet<string>
}

/** Undefined: nobody knows them, or one of them is being written, and the capture has been told so. */
function uncachedTags(deps: CaptureDeps, capturedRead: ReadInLoad): Uncached | undefined {
  const { plan } = capturedRead
  const occurrences = plan.policy ? plan.occurrences : plan.dependencies?.()
  if (!occurrences) {
    refuseBypass(capturedRead.capture, 'opaque')
    return undefined
  }
  const tags = deps.tagsOf(occurrences, plan.policy?.tags ?? [])
  if (!deps.pendingWrites.mustBypass(tags))
    return { tags, writing: recordsBeingWritten(deps.pendingWrites, tags) }
  refuseBypass(capturedRead.capture, 'dirty')
  return undefined
}

/** What is seen of the tags before the query; undefined where that is of no use, and the capture has been told so. */
function beforeUncached(
  capturedRead: ReadInLoad,
  epoch: string,
  observedTags: ObservedTags,
): StateBeforeQuery | undefined {
  if (!observedTags.some((tag) => tag.dirty && !tag.optional)) return { epoch, observedTags }
  refuseBypass(capturedRead.capture, 'dirty')
  return undefined
}

/** Runs a read that bypasses the cache. If only because it is not cached, with its tags fetched before it. */
export async function runUncached<T>(
  deps: FetchDeps,
  capturedRead: ReadInLoad,
  reason: BypassReason,
  run: () => Promise<T>,
): Promise<T> {
  if (BYPASSES[reason]) return run()
  const uncached = uncachedTags(deps, capturedRead)
  const before = uncached && (await observeUncached(deps, capturedRead, uncached))
  const result = await run()
  if (uncached && before)
    contributeLoad(deps, capturedRead.capture, before, recordTags(uncached.tags, before.observedTags, result))
  return result
}

async function observeUncached(
  deps: FetchDeps,
  capturedRead: ReadInLoad,
  { tags, writing }: Uncached,
): Promise<StateBeforeQuery | undefined> {
  let reply = await deps.store.fetch(undefined, tags)
  if (reply.ok && hasMissing(observeTags(tags, reply.value, writing)))
    reply = await deps.store.seed(tags, 2 * deps.longestLifetime())
  if (reply.ok)
    return beforeUncached(capturedRead, reply.value.epoch, observeTags(tags, reply.value, writing))
  refuseBypass(capturedRead.capture, 'unavailable')
  return undefined
}

/** The same for a synchronous driver. */
export function runUncachedSync<T>(
  deps: CaptureDeps,
  store: SyncStore | undefined,
  capturedRead: ReadInLoad,
  reason: BypassReason,
  run: () => T,
): T {
  if (BYPASSES[reason]) return run()
  if (!store) refuseBypass(capturedRead.capture, 'unavailable')
  const uncached = store && uncachedTags(deps, capturedRead)
  const states = uncached && store?.seed(uncached.tags)
  const before =
    uncached &&
    states &&
    beforeUncached(capturedRead, states.epoch, observeTags(uncached.tags, states, uncached.writing))
  const result = run()
  if (uncached && before)
    contributeLoad(deps, capturedRead.capture, before, recordTags(uncached.tags, before.observedTags, result))
  return result
}
