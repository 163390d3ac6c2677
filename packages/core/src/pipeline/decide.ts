import type { Clock } from '../base/clock.ts'
import type { Entries, OpenedEntry } from '../entry/entries.ts'
import { graceOf, isEmpty, LONGEST_AHEAD, lifetimeOf, refreshesAhead } from '../entry/lifetime.ts'
import { type ObservedTags, observeTags, withResultCells } from '../entry/observed-tags.ts'
import { confirmTags, type RecordedTags, recordTags } from '../entry/recorded-tags.ts'
import type { EntryKey, EntryKeys } from '../keys/entry-key.ts'
import { type PendingWrites, recordsBeingWritten } from '../marks/pending-writes.ts'
import type { PauseState } from '../options/pause.ts'
import { type ScopeOf, UNSCOPED } from '../options/scope.ts'
import type { ReadPlan } from '../plan/plan.ts'
import type { Policy } from '../plan/policy.ts'
import type { BypassReason, Events, MissReason } from '../report/events.ts'
import type { Fetched } from '../store/store.ts'
import type { DeriveTags, KnownTags } from '../tags/known-tags.ts'
import type { EntryRequest, LookUpResult } from '../tier/look-up.ts'
import type { Stamp } from '../tier/put-entry.ts'
import type { StrictLoads } from '../tier/strict-loads.ts'
import type { Refreshes } from './refreshes.ts'
import { type ReportDeps, reportRead } from './report-read.ts'

// What is decided about a read, in the order of its way. The two drivers of these decisions, `read.ts` for databases that
// answer later and `sync.ts` for those that answer at once, only ask the store, run the query and store the entry.

/** What decisions about reads need, wired by the composition root. */
export interface DecideDeps extends ReportDeps {
  readonly clock: Clock
  readonly events: Events
  readonly scopeOf: ScopeOf | undefined
  readonly keys: EntryKeys
  readonly entries: Entries
  readonly pendingWrites: PendingWrites
  readonly pause: PauseState
  readonly maxValueBytes: number
  readonly refreshes: Refreshes
  /** Reads that are part of a load are never served anything stale: it would be stored as fresh. */
  readonly strictLoads: StrictLoads
  /** What a read depends on, given what it uses and the user tags of its policy. */
  readonly tagsOf: DeriveTags
  /** The same for reads asked before: all but what their results show. */
  readonly knownTags: KnownTags
}

/** All of a plan but how its query runs. */
export type PlannedRead = Omit<ReadPlan<unknown>, 'run' | 'joined' | 'detach'>

/** A read on its way down, as far as it came: what a report of it shows. */
export interface StartedRead<P extends PlannedRead> extends Partial<EntryRequest> {
  readonly plan: P
  /** By the clock. */
  readonly started: number
}

/** A read that must not ask the cache. */
export interface BypassedRead<P extends PlannedRead> extends StartedRead<P> {
  readonly bypass: BypassReason
}

/** A read whose entry has a name. */
interface KeyedRead<P extends PlannedRead> {
  readonly plan: P
  readonly started: number
  readonly policy: Policy
  readonly key: EntryKey
  readonly bypass?: undefined
}

/** A read that has an entry, whether or not it may ask for it. */
export interface EntryRead<P extends PlannedRead> extends EntryRequest {
  readonly plan: P
  readonly policy: Policy
}

/** A read that asks the cache. */
export interface CachedRead<P extends PlannedRead> extends EntryRead<P> {
  readonly bypass?: undefined
}

/** A read that must not ask for its entry now. */
interface DirtyRead<P extends PlannedRead> extends EntryRead<P> {
  readonly bypass: BypassReason
}

/**
 * Names the entry of a read, unless a pause, the plan, its policy or its scope forbids to ask for one.
 * @throws CacheError where a required scope is undefined, and for arguments of a strict read that cannot be encoded.
 */
export function identify<P extends PlannedRead>(deps: DecideDeps, plan: P): BypassedRead<P> | KeyedRead<P> {
  const started = deps.clock.now()
  const { policy } = plan
  const bypass = deps.pause.active ? 'disabled' : bypassOf(plan)
  if (bypass || !policy) return { plan, started, bypass: bypass ?? 'no-policy' }
  const scope = deps.scopeOf?.() ?? UNSCOPED
  if (scope.kind === 'failed') return { plan, started, bypass: 'unavailable' }
  const key = keyOf(deps, plan, scope.value)
  return key ? { plan, started, policy, key } : { plan, started, bypass: 'opaque' }
}

/** Derives the tags of a read, and bypasses the cache while this process is writing to one of them. */
export function depend<P extends PlannedRead>(
  deps: DecideDeps,
  { plan, started, policy, key }: KeyedRead<P>,
): DirtyRead<P> | CachedRead<P> {
  const tags = deps.knownTags(key.key, plan.occurrences, policy.tags, tableWrittenAround(plan, policy))
  const writing = recordsBeingWritten(deps.pendingWrites, tags)
  const one: CachedRead<P> = { plan, started, operation: plan.operation, policy, key, tags, writing }
  return deps.pendingWrites.mustBypass(tags) ? { ...one, bypass: 'dirty' } : one
}

/** Why a read must not ask the cache, as far as the plan alone tells. Pure. */
export function bypassOf(
  plan: Pick<ReadPlan<unknown>, 'bypass' | 'policy' | 'operation'>,
): BypassReason | undefined {
  if (plan.bypass) return plan.bypass
  if (!plan.policy) return 'no-policy'
  const { operations } = plan.policy
  if (!operations) return undefined
  return operations.has(plan.operation.slice(plan.operation.lastIndexOf('.') + 1)) ? undefined : 'disabled'
}

function keyOf({ keys, events }: DecideDeps, plan: PlannedRead, scope: unknown): EntryKey | undefined {
  try {
    return keys.of(scope, { operation: plan.as ?? plan.operation, model: plan.model, query: plan.query })
  } catch (error) {
    events.emit('codec-error', { operation: plan.operation, error })
    if (plan.strict) throw error
    return undefined
  }
}

/** The table whose writes leave this read alone. */
function tableWrittenAround({ occurrences }: PlannedRead, { write }: Policy): string | undefined {
  return write === 'around' ? occurrences[0]?.table : undefined
}

/** What becomes of a read once the store has answered. */
export type Decision =
  | {
      readonly kind: 'hit'
      readonly value: unknown
      /** Whether the entry is to be loaded again in the background. */
      readonly refresh: boolean
    }
  | { readonly kind: 'load'; readonly reason: MissReason }
  | { readonly kind: 'bypass'; readonly reason: BypassReason }

/** Judges what was found, and reports a hit. */
export function decide(deps: DecideDeps, one: CachedRead<PlannedRead>, found: LookUpResult): Decision {
  const { fresh, entry, source } = found
  // The store of a process that has just started knows whether the fleet is paused when it answers for the first time.
  if (deps.pause.active) return { kind: 'bypass', reason: 'disabled' }
  if (fresh.kind === 'dirty') return { kind: 'bypass', reason: 'dirty' }
  if (fresh.kind === 'miss') return decideMiss(deps, one, found, fresh.reason)
  const decoded = entry && deps.entries.decode(entry.payload, one, source === 'memory')
  if (!decoded || !accepts(one.plan, decoded.value)) return { kind: 'load', reason: 'miss' }
  reportRead(deps, one, undefined, { source, age: entry.age, ttl: entry.lifetime, tags: found.tags })
  return { kind: 'hit', value: decoded.value, refresh: isDue(deps, one.policy, entry) }
}

/** Whether a hit is to be refreshed ahead. Asked of every hit: most need no random number. */
function isDue(deps: DecideDeps, { refreshAhead }: Policy, { state, loadTime }: OpenedEntry): boolean {
  return (
    state.remaining < loadTime * refreshAhead * LONGEST_AHEAD &&
    refreshesAhead(state.remaining, loadTime, refreshAhead, deps.clock.random()) &&
    !deps.strictLoads.isActive()
  )
}

/** A miss, unless the entry has only expired and the policy allows to serve it. */
function decideMiss(
  deps: DecideDeps,
  one: CachedRead<PlannedRead>,
  found: LookUpResult,
  reason: MissReason,
): Decision {
  const { staleWhileRevalidate } = one.policy
  const served = staleWhileRevalidate ? serveExpired(deps, one, found, staleWhileRevalidate) : undefined
  return served ? { kind: 'hit', value: served.value, refresh: true } : { kind: 'load', reason }
}

/**
 * Serves an entry with which nothing but its age is wrong, and reports a stale hit.
 * @param grace milliseconds after its expiry in which that is allowed.
 */
export function serveExpired(
  deps: DecideDeps,
  one: EntryRead<PlannedRead>,
  { fresh, entry, source, tags }: LookUpResult,
  grace: number,
): { readonly value: unknown } | undefined {
  if (fresh.kind !== 'miss' || fresh.reason !== 'expired' || !entry) return undefined
  // Time has passed since the look-up if a load was waited for.
  const age = entry.age + deps.clock.now() - one.started
  if (age >= entry.lifetime + grace || deps.strictLoads.isActive()) return undefined
  const decoded = deps.entries.decode(entry.payload, one, source === 'memory')
  if (!decoded || !accepts(one.plan, decoded.value)) return undefined
  reportRead(deps, one, undefined, { source: 'stale', age, ttl: entry.lifetime, tags })
  return decoded
}

/** Whether a read may return what another one stored. A host whose judgement fails has accepted nothing. */
export function accepts({ accepts: judge }: PlannedRead, result: unknown): boolean {
  try {
    return judge?.(result) ?? true
  } catch {
    return false
  }
}

/** The tags of a read as they were before its load. */
export interface Before {
  readonly epoch: string
  readonly observedTags: ObservedTags
}

/**
 * The state of the tags a load starts from. Undefined: a write to one of them is under way.
 * @param seeded the store's answer where some had to be made first.
 */
export function beforeLoad(
  one: CachedRead<PlannedRead>,
  found: LookUpResult,
  seeded: Fetched | undefined,
): Before | undefined {
  const { epoch } = seeded ?? found
  const observedTags = seeded ? observeTags(one.tags, seeded, one.writing) : found.observedTags
  return observedTags.some((tag) => tag.dirty && !tag.optional) ? undefined : { epoch, observedTags }
}

/** What a load leaves behind. */
export interface Loaded {
  /** The result's bytes; undefined when it could not be encoded. */
  readonly payload: Uint8Array | undefined
  /** Undefined: the result is not to be stored. */
  readonly storable: Storable | undefined
}

/** A result that may be stored, once {@link confirm} has agreed where {@link mustConfirm} asks for that. */
export interface Storable {
  readonly before: Before
  readonly recorded: RecordedTags
  readonly stamp: Pick<Stamp, 'lifetime' | 'empty' | 'loadTime' | 'grace'>
  readonly payload: Uint8Array
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
  one: CachedRead<PlannedRead>,
  reason: MissReason,
  before: Before,
  result: unknown,
  loadTime: number,
): Loaded {
  const { plan, policy, key } = one
  const payload = deps.entries.encode(result, one)
  if ('error' in payload) {
    reportRead(deps, one, 'opaque')
    if (plan.strict) throw payload.error
    return { payload: undefined, storable: undefined }
  }
  const empty = isEmpty(result)
  const lifetime = lifetimeOf(policy, empty, deps.clock.random())
  const tags = deps.tagsOf(plan.occurrences, policy.tags, tableWrittenAround(plan, policy))
  const recorded = recordTags(tags, before.observedTags, result)
  const tooLarge = payload.length > deps.maxValueBytes
  // Rows that came over another connection than the key says, or through other parsers, are nobody's.
  if (tooLarge || lifetime === undefined || !recorded || deps.keys.family() !== key.family) {
    reportRead(deps, one, tooLarge ? 'too-large' : reason)
    return { payload, storable: undefined }
  }
  reportRead(deps, one, reason, { ttl: lifetime })
  const stamp = { lifetime, empty, loadTime: Math.ceil(loadTime), grace: graceOf(policy) }
  return { payload, storable: { before, recorded, stamp, payload } }
}

/** Whether the tags must be looked at once more before the result may be stored. */
export function mustConfirm({ plan }: CachedRead<PlannedRead>, { recorded }: Storable): boolean {
  return recorded.resultCells.length > 0 || plan.severalStatements
}

/** The tags of a result, with those that only the result named. */
export function allTags({ tags }: CachedRead<PlannedRead>, { recorded }: Storable): EntryRequest['tags'] {
  return withResultCells(tags, recorded.resultCells)
}

/**
 * The tags to record after all, if none of them moved during the load. Statements that saw different instants make a
 * result that never was, and a tag that only the result named was not seen before the load.
 * @param after the store's answer for {@link allTags}: of a seeding where the result named some.
 */
export function confirm(
  deps: DecideDeps,
  one: CachedRead<PlannedRead>,
  storable: Storable,
  after: Fetched,
): Stamp['tags'] | undefined {
  const { before, recorded } = storable
  const { epoch, observedTags } = before
  const writing = recordsBeingWritten(deps.pendingWrites, one.tags)
  return confirmTags(recorded, { tags: allTags(one, storable), before: observedTags, epoch, after, writing })
}
