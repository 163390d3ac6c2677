import { contributeLoad } from '../capture/capture-read.ts'
import {
  type CapturedDependencies,
  type CapturedOutcome,
  withCaptured,
} from '../capture/captured-dependencies.ts'
import { graceOf, isEmpty, lifetimeOf } from '../entry/lifetime.ts'
import { resultCellsOf, withResultCells } from '../entry/observed-tags.ts'
import { confirmTags, type RecordedTags, recordTags } from '../entry/recorded-tags.ts'
import { recordsBeingWritten } from '../marks/pending-writes.ts'
import type { MissReason } from '../report/events.ts'
import type { Fetched } from '../store/store.ts'
import type { EntryRequest } from '../tier/look-up.ts'
import type { Stamp } from '../tier/put-entry.ts'
import {
  type CachedRead,
  type DecideDeps,
  type PlannedRead,
  type StateBeforeLoad,
  writeAroundTable,
} from './decide.ts'
import { reportRead } from './report-read.ts'

// What is decided about the result of a load: whether it may be stored, and under which tags.

/** What a load leaves behind. */
export interface Loaded {
  /** The result's bytes; undefined when it could not be encoded. */
  readonly payload: Uint8Array | undefined
  /** Undefined: the result is not to be stored. */
  readonly storable: Storable | undefined
}

/** A result that may be stored, once {@link confirm} has agreed where {@link mustConfirm} asks for that. */
export interface Storable {
  readonly before: StateBeforeLoad
  readonly recorded: RecordedTags
  readonly stamp: Pick<Stamp, 'lifetime' | 'empty' | 'loadTime' | 'grace'>
  readonly payload: Uint8Array
  /** What the reads of the load depend on, if they were captured. */
  readonly dependencies: CapturedDependencies | undefined
}

/**
 * Decides whether the result of a load may be stored, and reports the miss. To be called before anybody else sees the
 * result: hosts replace nested objects of what they return in place.
 * @param loadTime how long the load took, in milliseconds.
 * @throws what the codec threw, where the read is strict: a computed value that cannot be cached is a mistake of the
 * program, a query's result is not.
 */
export function evaluate(
  deps: DecideDeps,
  cachedRead: CachedRead<PlannedRead>,
  reason: MissReason,
  before: StateBeforeLoad,
  result: unknown,
  loadTime: number,
  captured?: CapturedOutcome,
): Loaded {
  const { plan, policy, key } = cachedRead
  const payload = deps.entries.encode(result, cachedRead, plan.dataDepth)
  const tags = deps.tagsOf(plan.occurrences, policy.tags, writeAroundTable(plan, policy))
  const recorded = recordTags(tags, before.observedTags, result)
  if (cachedRead.capture) contributeLoad(deps, cachedRead.capture, before, recorded, captured)
  if ('error' in payload) {
    reportRead(deps, cachedRead, 'opaque')
    if (plan.strict) throw payload.error
    return { payload: undefined, storable: undefined }
  }
  const empty = isEmpty(result)
  const lifetime = lifetimeOf(policy, empty, deps.clock.random())
  const tooLarge = payload.length > deps.maxValueBytes
  // Rows that came over another connection than the key says, or through other parsers, are nobody's.
  const unfit = tooLarge || lifetime === undefined || !recorded || deps.keys.family() !== key.family
  const grace = graceOf(policy)
  if (unfit || captured?.refusal) {
    // A tag that is dirty says nothing of the result: the entry is invalid anyhow.
    if (grace && (recorded || captured?.refusal)) deps.refreshes.supersede(key.key, grace)
    reportRead(deps, cachedRead, captured?.refusal?.reason ?? (tooLarge ? 'too-large' : reason))
    return { payload, storable: undefined }
  }
  if (grace) deps.refreshes.restore(key.key)
  const dependencies = captured?.dependencies
  reportRead(deps, cachedRead, reason, {
    ttl: lifetime,
    ...(dependencies && { tags: [...cachedRead.tags, ...dependencies.tags] }),
  })
  const stamp = { lifetime, empty, loadTime: Math.ceil(loadTime), grace }
  return { payload, storable: { before, recorded, stamp, payload, dependencies } }
}

/** Whether the tags must be looked at once more before the result may be stored. */
export function mustConfirm({ plan }: CachedRead<PlannedRead>, { recorded }: Storable): boolean {
  return recorded.resultCells.length > 0 || plan.severalStatements
}

/** Whether some of the tags may be missing, because nothing has asked for them before. */
export function mustSeed({ recorded, dependencies }: Storable): boolean {
  return recorded.resultCells.length > 0 || dependencies?.seeded === true
}

/** The tags of a result, with those that only the result named, and those that its load captured. */
export function allTags(
  { tags }: CachedRead<PlannedRead>,
  { recorded, dependencies }: Storable,
): EntryRequest['tags'] {
  const tagsOfEntry = withResultCells(tags, recorded.resultCells)
  return dependencies?.tags.length ? [...tagsOfEntry, ...dependencies.tags] : tagsOfEntry
}

/** The tags that an entry records: of what was captured, those that are left. */
export function recordedTags(
  { tags }: CachedRead<PlannedRead>,
  { recorded, dependencies }: Storable,
  stamp: Stamp['tags'],
): EntryRequest['tags'] {
  return withResultCells(tags, dependencies ? resultCellsOf({ tags: stamp }) : recorded.resultCells)
}

/**
 * The tags to record after all, if none of them moved during the load. Statements that saw different instants make a
 * result that never was, and a tag that only the result named was not seen before the load.
 * @param after the store's answer for {@link allTags}: of a seeding where the result named some.
 */
export function confirm(
  deps: DecideDeps,
  cachedRead: CachedRead<PlannedRead>,
  storable: Storable,
  after: Fetched,
): Stamp['tags'] | undefined {
  const { before, recorded, dependencies } = storable
  const { epoch, observedTags } = before
  const tags = allTags(cachedRead, storable)
  const writing = recordsBeingWritten(deps.pendingWrites, tags)
  const confirmed = confirmTags(recorded, { tags, before: observedTags, epoch, after, writing })
  if (!confirmed || !dependencies) return confirmed
  const captured = dependencies.confirm({ ...after, tags: after.tags.slice(cachedRead.tags.length) }, writing)
  return captured && withCaptured(confirmed, captured)
}
