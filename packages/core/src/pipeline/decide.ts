import { contributeHit, refuseBypass } from '../capture/capture-read.ts'
import type { OpenedEntry } from '../entry/entries.ts'
import { LONGEST_AHEAD, refreshesAhead } from '../entry/lifetime.ts'
import { type ObservedTags, observeTags } from '../entry/observed-tags.ts'
import type { EntryKey } from '../keys/entry-key.ts'
import { NO_RECORDS, recordsBeingWritten } from '../marks/pending-writes.ts'
import { UNSCOPED } from '../options/scope.ts'
import type { CapturedRead } from '../plan/contribution.ts'
import type { ReadPlan } from '../plan/plan.ts'
import type { Policy } from '../plan/policy.ts'
import type { BypassReason, MissReason } from '../report/events.ts'
import type { Fetched } from '../store/store.ts'
import type { LookUpResult } from '../tier/look-up.ts'
import type {
  BypassedRead,
  CachedRead,
  DecideDeps,
  DirtyRead,
  EntryRead,
  KeyedRead,
  PlannedRead,
} from './read-state.ts'
import { reportRead } from './report-read.ts'

export type { CachedRead, DecideDeps, EntryRead, KeyedRead, PlannedRead, StartedRead } from './read-state.ts'

// What is decided about a read, in the order of the decisions. `read.ts` for asynchronous drivers and `sync.ts` for synchronous
// ones follow them, and only ask the store, run the query and store the entry.

/**
 * Names the entry of a read, unless a pause, the plan, its policy or its scope forbids to ask for one.
 * @throws CacheError where a required scope is undefined, and for arguments of a strict read that cannot be encoded.
 */
export function identify<P extends PlannedRead>(deps: DecideDeps, plan: P): BypassedRead<P> | KeyedRead<P> {
  const started = deps.clock.now()
  const { policy } = plan
  const { captures } = deps
  const capture = captures.running.count ? captures.begin(plan.operation) : undefined
  const bypass = deps.pause.active ? 'disabled' : bypassOf(plan)
  if (bypass || !policy) return bypassed(plan, started, capture, bypass ?? 'no-policy')
  const scope = deps.scopeOf?.() ?? UNSCOPED
  if (scope.kind === 'failed') return bypassed(plan, started, capture, 'unavailable')
  const key = keyOf(deps, plan, scope.value)
  return key ? { plan, started, capture, policy, key } : bypassed(plan, started, capture, 'opaque')
}

function bypassed<P extends PlannedRead>(
  plan: P,
  started: number,
  capture: CapturedRead | undefined,
  bypass: BypassReason,
): BypassedRead<P> {
  if (capture) refuseBypass(capture, bypass)
  return { plan, started, capture, bypass }
}

/** Derives the tags of a read, and bypasses the cache while this process is writing to one of them. */
export function depend<P extends PlannedRead>(
  deps: DecideDeps,
  { plan, started, capture, policy, key }: KeyedRead<P>,
): DirtyRead<P> | CachedRead<P> {
  const tags = deps.knownTags(key, plan.occurrences, policy.tags, writeAroundTable(plan, policy))
  const { pending, ended } = deps.pendingWrites
  const writing = pending.any ? recordsBeingWritten(deps.pendingWrites, tags) : NO_RECORDS
  const { operation } = plan
  const { last: lastEnded } = ended
  const cachedRead: CachedRead<P> = {
    plan,
    started,
    capture,
    operation,
    policy,
    key,
    tags,
    writing,
    lastEnded,
  }
  if (!pending.any || !deps.pendingWrites.mustBypass(tags)) return cachedRead
  if (capture) refuseBypass(capture, 'dirty')
  return { ...cachedRead, bypass: 'dirty' }
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
    const { as, operation, model, query, queryText } = plan
    return keys.of(scope, { operation: as ?? operation, model, query, queryText })
  } catch (error) {
    events.emit('codec-error', { operation: plan.operation, error })
    if (plan.strict) throw error
    return undefined
  }
}

/** The table whose writes leave this read alone. */
export function writeAroundTable({ occurrences }: PlannedRead, { write }: Policy): string | undefined {
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

/** Decides whether the result of a look-up may be served, and reports a hit. */
export function decide(
  deps: DecideDeps,
  cachedRead: CachedRead<PlannedRead>,
  lookedUp: LookUpResult,
): Decision {
  const { fresh, entry, source } = lookedUp
  // The store of a process that has just started knows whether the fleet is paused when it answers for the first time.
  const bypass = deps.pause.active ? 'disabled' : fresh.kind === 'dirty' ? 'dirty' : undefined
  if (bypass) {
    if (cachedRead.capture) refuseBypass(cachedRead.capture, bypass === 'dirty' ? 'dirty' : 'unavailable')
    return { kind: 'bypass', reason: bypass }
  }
  if (fresh.kind === 'miss') return decideMiss(deps, cachedRead, lookedUp, fresh.reason)
  const decoded = entry && deps.entries.decode(entry, cachedRead)
  if (!decoded || !accepts(cachedRead.plan, decoded.value)) return { kind: 'load', reason: 'miss' }
  if (cachedRead.capture) contributeHit(deps, cachedRead.capture, lookedUp)
  reportRead(deps, cachedRead, undefined, {
    source,
    age: entry.age,
    ttl: entry.lifetime,
    tags: lookedUp.tags,
  })
  return { kind: 'hit', value: decoded.value, refresh: isDue(deps, cachedRead.policy, entry) }
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
  cachedRead: CachedRead<PlannedRead>,
  lookedUp: LookUpResult,
  reason: MissReason,
): Decision {
  const { staleWhileRevalidate } = cachedRead.policy
  const served = staleWhileRevalidate
    ? serveExpired(deps, cachedRead, lookedUp, staleWhileRevalidate)
    : undefined
  return served ? { kind: 'hit', value: served.value, refresh: true } : { kind: 'load', reason }
}

/** True if nothing but its age is wrong with the entry. */
export function isExpired({ fresh, entry }: LookUpResult): boolean {
  return fresh.kind === 'miss' && fresh.reason === 'expired' && entry !== undefined
}

/**
 * Serves an entry with which nothing but its age is wrong, and reports a stale hit.
 * @param grace milliseconds after its expiry in which that is allowed.
 */
export function serveExpired(
  deps: DecideDeps,
  entryRead: EntryRead<PlannedRead>,
  lookedUp: LookUpResult,
  grace: number,
): { readonly value: unknown } | undefined {
  const { entry, tags } = lookedUp
  if (!entry || !isExpired(lookedUp)) return undefined
  // Time has passed since the look-up if a load was waited for.
  const age = entry.age + deps.clock.now() - entryRead.started
  if (age >= entry.lifetime + grace || deps.strictLoads.isActive()) return undefined
  if (deps.refreshes.isSuperseded(entryRead.key.key)) return undefined
  const decoded = deps.entries.decode(entry, entryRead)
  if (!decoded || !accepts(entryRead.plan, decoded.value)) return undefined
  reportRead(deps, entryRead, undefined, { source: 'stale', age, ttl: entry.lifetime, tags })
  return decoded
}

/** Whether a read may return what another one stored. False if the host's function throws. */
export function accepts({ accepts: acceptsResult }: PlannedRead, result: unknown): boolean {
  try {
    return acceptsResult?.(result) ?? true
  } catch {
    return false
  }
}

/** The tags of a read as they were before its load. */
export interface StateBeforeLoad {
  readonly epoch: string
  readonly observedTags: ObservedTags
}

/**
 * The state of the tags a load starts from. Undefined: a write to one of them is under way.
 * @param seeded the store's answer where some had to be made first.
 */
export function beforeLoad(
  cachedRead: CachedRead<PlannedRead>,
  lookedUp: LookUpResult,
  seeded: Fetched | undefined,
): StateBeforeLoad | undefined {
  const { epoch } = seeded ?? lookedUp
  const observedTags = seeded
    ? observeTags(cachedRead.tags, seeded, cachedRead.writing)
    : lookedUp.observedTags
  if (!observedTags.some((tag) => tag.dirty && !tag.optional)) return { epoch, observedTags }
  if (cachedRead.capture) refuseBypass(cachedRead.capture, 'dirty')
  return undefined
}
