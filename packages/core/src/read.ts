import type { Clock } from './clock.ts'
import type { BypassReason, Events, MissReason } from './events.ts'
import { type Unfinished, writtenNow } from './fence/unfinished.ts'
import type { SingleFlight } from './flight/single-flight.ts'
import type { TurnFlight } from './flight/turn-flight.ts'
import type { EntryKey, EntryKeys } from './keys/entry-key.ts'
import type { ReadPlan } from './plan.ts'
import { bypassOf } from './policy/bypass.ts'
import { isEmpty, lifetimeOf } from './policy/lifetime.ts'
import type { Policy } from './policy/policy.ts'
import type { Report } from './report.ts'
import type { ScopeOf } from './scope.ts'
import type { GuardedStore } from './store/guard.ts'
import type { DeriveTags, KnownTags } from './tags/known-tags.ts'
import type { ReadTag } from './tags/read-tags.ts'
import type { Entries } from './tier/entries.ts'
import type { Found, LookUp, Wanted } from './tier/look-up.ts'
import { putEntry, type Stamp } from './tier/put-entry.ts'
import { heldThrough, namesOf, recordedTags, sightsOf, someMissing, type TagSights } from './tier/sight.ts'

/** What reads of one host need, wired by the composition root. */
export interface ReadRoom {
  readonly store: GuardedStore
  readonly clock: Clock
  readonly events: Events
  readonly report: Report
  readonly unfinished: Unfinished
  readonly flights: SingleFlight<Loaded>
  readonly turns: TurnFlight<Loaded>
  readonly keys: EntryKeys
  readonly entries: Entries
  readonly lookUp: LookUp
  readonly scopeOf: ScopeOf
  readonly maxValueBytes: number
  /** What a read depends on, given what it uses and the user tags of its policy. */
  readonly tagsOf: DeriveTags
  /** The same, of reads asked before: all but what their results show. */
  readonly knownTags: KnownTags
  /** Longest lifetime of any entry, in milliseconds: tags must outlive it. */
  longestLifetime(): number
}

/** What a load leaves for the callers that joined it. */
export interface Loaded {
  readonly result: unknown
  /** The result's bytes; undefined when it could not be encoded. */
  readonly payload: Uint8Array | undefined
}

type Reason = MissReason | BypassReason
type Told = Partial<{ shared: boolean; age: number; ttl: number; source: 'memory' | 'store' }>

/** One read on its way down, from its beginning. */
interface Read<T> extends Pick<Wanted, 'started'> {
  readonly plan: ReadPlan<T>
}

/** One read that asks the cache. */
interface CachedRead<T> extends Read<T>, Wanted {
  readonly policy: Policy
}

/** The read pipeline: bypass? → key and tags → look up → hit, or load once and store. */
export async function read<T>(room: ReadRoom, plan: ReadPlan<T>): Promise<T> {
  const started = room.clock.now()
  const began: Read<T> = { plan, started }
  const bypass = bypassOf(plan)
  const policy = plan.policy
  if (bypass || !policy) return around(room, began, bypass ?? 'no-policy')
  const scope = room.scopeOf()
  if (scope.kind === 'failed') return around(room, began, 'unavailable')
  const key = keyOf(room, plan, scope.value)
  if (!key) return around(room, began, 'opaque')
  const tags = room.knownTags(key.key, plan.occurrences, policy.tags, aroundOf(plan, policy))
  const writing = writtenNow(room.unfinished, tags)
  const one: CachedRead<T> = { plan, started, operation: plan.operation, policy, key, tags, writing }
  if (room.unfinished.covers(tags)) return around(room, one, 'dirty')
  const found = room.lookUp.recall(one) ?? (await room.lookUp.ask(one))
  if (!found) return aroundStore(room, one)
  const { fresh, entry, source } = found
  if (fresh.kind === 'dirty') return around(room, one, 'dirty')
  if (fresh.kind === 'miss') return load(room, one, fresh.reason, found)
  const decoded = entry && room.entries.decode(entry.payload, one, source === 'memory')
  if (!decoded || !accepts(plan, decoded.value)) return load(room, one, 'miss', found)
  tell(room, one, undefined, { source, age: entry.age, ttl: entry.lifetime })
  return decoded.value as T
}

/** The table whose writes leave this read alone. */
export function aroundOf(plan: Pick<ReadPlan<unknown>, 'occurrences'>, policy: Policy): string | undefined {
  return policy.write === 'around' ? plan.occurrences[0]?.table : undefined
}

/** With what the result shows. */
function tagsAnew(room: ReadRoom, { plan, policy }: CachedRead<unknown>): readonly ReadTag[] {
  return room.tagsOf(plan.occurrences, policy.tags, aroundOf(plan, policy))
}

/** A host whose judgement fails has accepted nothing. */
function accepts({ accepts: judge }: ReadPlan<unknown>, result: unknown): boolean {
  try {
    return judge?.(result) ?? true
  } catch {
    return false
  }
}

/** Reports the end of a read, exactly once. */
export function tell(
  room: ReadRoom,
  one: Pick<Read<unknown>, 'started'> & {
    readonly plan: Pick<ReadPlan<unknown>, 'operation' | 'model'>
  } & Partial<Wanted>,
  reason: Reason | undefined,
  more: Told = {},
): void {
  const { plan, key, tags, started } = one
  const source = more.source ?? 'database'
  room.report.read(plan.model, source, reason, () => ({
    operation: plan.operation,
    model: plan.model,
    source,
    ...(reason && { reason }),
    ...(more.shared && { shared: true }),
    ...(key && { key: key.key }),
    tags: tags ? namesOf(tags) : [],
    ...(more.age !== undefined && { age: more.age }),
    ...(more.ttl !== undefined && { ttl: more.ttl }),
    duration: room.clock.now() - started,
  }))
}

async function around<T>(room: ReadRoom, one: Read<T> & Partial<Wanted>, reason: BypassReason): Promise<T> {
  try {
    return await one.plan.run()
  } finally {
    tell(room, one, reason)
  }
}

/** Past a store that cannot be asked. Nothing tells how old a load is: equal reads share only one that has not begun. */
async function aroundStore<T>(room: ReadRoom, one: CachedRead<T>): Promise<T> {
  const alone = (): Promise<T> => around(room, one, 'unavailable')
  if (one.policy.singleFlight === false) return alone()
  const flight = room.turns.join(one.key.key, async (others) => {
    const result = await alone()
    const payload = others ? room.entries.encode(result, one) : undefined
    return { result, payload: payload && 'error' in payload ? undefined : payload }
  })
  return landed(room, one, flight, 'unavailable', alone)
}

export function keyOf(
  room: ReadRoom,
  plan: Omit<ReadPlan<unknown>, 'run'>,
  scope: unknown,
): EntryKey | undefined {
  try {
    return room.keys.of(scope, { operation: plan.as ?? plan.operation, model: plan.model, query: plan.query })
  } catch (error) {
    room.events.emit('codec-error', { operation: plan.operation, error })
    if (plan.strict) throw error
    return undefined
  }
}

/** A miss: seed what is missing, then load, together with whoever else saw the same nonces. */
async function load<T>(room: ReadRoom, one: CachedRead<T>, reason: MissReason, found: Found): Promise<T> {
  let { epoch, sights } = found
  if (someMissing(sights)) {
    const seeded = await room.store.seed(one.tags, 2 * room.longestLifetime())
    if (!seeded.ok) return aroundStore(room, one)
    epoch = seeded.value.epoch
    sights = sightsOf(one.tags, seeded.value, one.writing)
  }
  if (sights.some((tag) => tag.dirty && !tag.optional)) return around(room, one, 'dirty')
  // Whoever saw a mark, even on an optional tag, loads alone: the write under it may end at any moment.
  // So does whoever found a tag evicted between seeding and now: a name without its nonce says nothing.
  if (one.policy.singleFlight === false || someMissing(sights) || sights.some((tag) => tag.dirty))
    return (await fill(room, one, reason, epoch, sights)).result as T
  const flight = `${one.key.key} ${epoch} ${sights.map((tag) => tag.nonce).join(' ')}`
  const joined = room.flights.join(flight, () => fill(room, one, reason, epoch, sights))
  return landed(room, one, joined, reason, async () => {
    return (await fill(room, one, reason, epoch, sights)).result as T
  })
}

/** The result of a shared load for one of its callers, which is its own. */
async function landed<T>(
  room: ReadRoom,
  one: CachedRead<T>,
  { outcome, shared }: ReturnType<SingleFlight<Loaded>['join']>,
  reason: Reason,
  alone: () => Promise<T>,
): Promise<T> {
  if (!shared) return (await outcome).result as T
  const copy = await copyOf(room, one, outcome)
  // The other caller's load failed, or gave nothing that can be copied: its error and its objects stay its own.
  if (!copy || !accepts(one.plan, copy.value)) return alone()
  tell(room, one, reason, { shared: true })
  return copy.value as T
}

async function copyOf(
  room: ReadRoom,
  one: CachedRead<unknown>,
  outcome: Promise<Loaded>,
): Promise<{ value: unknown } | undefined> {
  const loaded = await outcome.catch(() => undefined)
  return loaded?.payload && room.entries.decode(loaded.payload, one)
}

/** Runs the host's query and stores the result under the tags as they were before it. */
async function fill<T>(
  room: ReadRoom,
  one: CachedRead<T>,
  reason: MissReason,
  epoch: string,
  sights: TagSights,
): Promise<Loaded> {
  let result: T
  try {
    result = await one.plan.run()
  } catch (error) {
    tell(room, one, reason)
    throw error
  }
  // Encoded before anybody sees the result: hosts replace nested objects of what they return in place.
  const payload = room.entries.encode(result, one)
  if ('error' in payload) {
    tell(room, one, 'opaque')
    // A computed value that cannot be cached is a mistake in the program, a query's result is not.
    if (one.plan.strict) throw payload.error
    return { result, payload: undefined }
  }
  const ttl = lifetimeOf(one.policy, isEmpty(result), room.clock.random())
  const tags = recordedTags(tagsAnew(room, one), sights, result)
  if (payload.length > room.maxValueBytes) tell(room, one, 'too-large')
  else if (ttl === undefined || !tags) tell(room, one, reason)
  else {
    tell(room, one, reason, { ttl })
    void store(room, one, { epoch, lifetime: ttl, empty: isEmpty(result), tags }, payload)
  }
  return { result, payload }
}

async function store(
  room: ReadRoom,
  one: CachedRead<unknown>,
  stamp: Stamp,
  payload: Uint8Array,
): Promise<void> {
  if (one.plan.severalStatements) {
    // Statements that saw different instants make a result that never was: storable only if nothing moved.
    const after = await room.store.fetch(undefined, one.tags)
    if (!after.ok || !heldThrough(stamp, sightsOf(one.tags, after.value, one.writing), after.value.epoch))
      return
  }
  await putEntry(room, one, stamp, payload, { tags: one.tags, lifetime: 2 * room.longestLifetime() })
}
