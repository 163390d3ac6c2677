import type { Clock } from './clock.ts'
import type { BypassReason, Events, MissReason } from './events.ts'
import type { Unfinished } from './fence/unfinished.ts'
import type { SingleFlight } from './flight/single-flight.ts'
import type { EntryKey, EntryKeys } from './keys/entry-key.ts'
import type { Occurrence, ReadPlan } from './plan.ts'
import { bypassOf } from './policy/bypass.ts'
import { judge } from './policy/freshness.ts'
import { isEmpty, lifetimeOf } from './policy/lifetime.ts'
import type { Policy } from './policy/policy.ts'
import type { Report } from './report.ts'
import type { ScopeOf } from './scope.ts'
import type { GuardedStore } from './store/guard.ts'
import type { Fetched } from './store/store.ts'
import type { ReadTag } from './tags/read-tags.ts'
import type { Entries, EntryOwner } from './tier/entries.ts'
import { heldThrough, namesOf, recordedTags, sightsOf, someMissing, type TagSights } from './tier/sight.ts'

/** What reads of one host need, wired by the composition root. */
export interface ReadRoom {
  readonly store: GuardedStore
  readonly clock: Clock
  readonly events: Events
  readonly report: Report
  readonly unfinished: Unfinished
  readonly flights: SingleFlight<Loaded>
  readonly keys: EntryKeys
  readonly entries: Entries
  readonly scopeOf: ScopeOf
  readonly maxValueBytes: number
  /** What a read depends on, given what it uses and the user tags of its policy. */
  tagsOf(occurrences: readonly Occurrence[], userTags: readonly string[]): readonly ReadTag[]
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

/** One read on its way down; `tell` reports its end exactly once. */
interface Read<T> extends EntryOwner {
  readonly plan: ReadPlan<T>
  readonly policy: Policy
  readonly tags: readonly ReadTag[]
  /** Records this process was writing to when the read began. */
  readonly writing: ReadonlySet<string>
  tell(reason: Reason | undefined, more?: Told): void
}

/** The read pipeline: bypass? → key and tags → look up → hit, or load once and store. */
export async function read<T>(room: ReadRoom, plan: ReadPlan<T>): Promise<T> {
  const started = room.clock.now()
  const tell = (reason: Reason | undefined, more: Told, key?: EntryKey, tags?: readonly ReadTag[]) =>
    room.report.read({
      operation: plan.operation,
      model: plan.model,
      source: more.source ?? 'database',
      ...(reason && { reason }),
      ...(more.shared && { shared: true }),
      ...(key && { key: key.key }),
      tags: tags ? namesOf(tags) : [],
      ...(more.age !== undefined && { age: more.age }),
      ...(more.ttl !== undefined && { ttl: more.ttl }),
      duration: room.clock.now() - started,
    })

  const bypass = bypassOf(plan)
  const policy = plan.policy
  if (bypass || !policy) return around(plan, () => tell(bypass ?? 'no-policy', {}))
  const scope = room.scopeOf()
  if (scope.kind === 'failed') return around(plan, () => tell('unavailable', {}))
  const key = keyOf(room, plan, scope.value)
  if (!key) return around(plan, () => tell('opaque', {}))
  const tags = room.tagsOf(plan.occurrences, policy.tags)
  const writing = new Set(tags.map((tag) => tag.record).filter(room.unfinished.writes))
  return lookUp(room, {
    operation: plan.operation,
    plan,
    policy,
    key,
    tags,
    writing,
    tell: (reason, more = {}) => tell(reason, more, key, tags),
  })
}

async function around<T>(plan: ReadPlan<T>, tell: () => void): Promise<T> {
  try {
    return await plan.run()
  } finally {
    tell()
  }
}

function keyOf(room: ReadRoom, plan: ReadPlan<unknown>, scope: unknown): EntryKey | undefined {
  try {
    return room.keys.of(scope, plan)
  } catch (error) {
    room.events.emit('codec-error', { operation: plan.operation, error })
    if (plan.strict) throw error
    return undefined
  }
}

async function lookUp<T>(room: ReadRoom, one: Read<T>): Promise<T> {
  if (room.unfinished.covers(one.tags)) return around(one.plan, () => one.tell('dirty'))
  const fetched = await room.store.fetch(one.key.key, one.tags)
  if (!fetched.ok) return around(one.plan, () => one.tell('unavailable'))
  const entry = room.entries.open(fetched.value.entry, one)
  const sights = sightsOf(one.tags, fetched.value, one.writing)
  const fresh = judge(entry?.sight, sights, fetched.value.epoch)
  if (fresh.kind === 'dirty') return around(one.plan, () => one.tell('dirty'))
  if (fresh.kind === 'miss') return load(room, one, fresh.reason, fetched.value, sights)
  const decoded = entry && room.entries.decode(entry.payload, one)
  if (!decoded) return load(room, one, 'miss', fetched.value, sights)
  one.tell(undefined, { source: room.store.source, age: entry.age, ttl: entry.lifetime })
  return decoded.value as T
}

/** A miss: seed what is missing, then load, together with whoever else saw the same nonces. */
async function load<T>(
  room: ReadRoom,
  one: Read<T>,
  reason: MissReason,
  fetched: Fetched,
  found: TagSights,
): Promise<T> {
  let { epoch } = fetched
  let sights = found
  if (someMissing(found)) {
    const seeded = await room.store.seed(one.tags, 2 * room.longestLifetime())
    if (!seeded.ok) return around(one.plan, () => one.tell('unavailable'))
    epoch = seeded.value.epoch
    sights = sightsOf(one.tags, seeded.value, one.writing)
  }
  if (sights.some((tag) => tag.dirty && !tag.optional)) return around(one.plan, () => one.tell('dirty'))
  // Whoever saw a mark, even on an optional tag, loads alone: the write under it may end at any moment.
  // So does whoever found a tag evicted between seeding and now: a name without its nonce says nothing.
  if (one.policy.singleFlight === false || someMissing(sights) || sights.some((tag) => tag.dirty))
    return (await fill(room, one, reason, epoch, sights)).result as T
  const flight = `${one.key.key} ${epoch} ${sights.map((tag) => tag.nonce).join(' ')}`
  const { outcome, shared } = room.flights.join(flight, () => fill(room, one, reason, epoch, sights))
  if (!shared) return (await outcome).result as T
  const copy = await copyOf(room, one, outcome)
  // The other caller's load failed, or gave nothing that can be copied: its error and its objects stay its own.
  if (!copy) return (await fill(room, one, reason, epoch, sights)).result as T
  one.tell(reason, { shared: true })
  return copy.value as T
}

async function copyOf(
  room: ReadRoom,
  one: Read<unknown>,
  outcome: Promise<Loaded>,
): Promise<{ value: unknown } | undefined> {
  const loaded = await outcome.catch(() => undefined)
  return loaded?.payload && room.entries.decode(loaded.payload, one)
}

/** Runs the host's query and stores the result under the tags as they were before it. */
async function fill<T>(
  room: ReadRoom,
  one: Read<T>,
  reason: MissReason,
  epoch: string,
  sights: TagSights,
): Promise<Loaded> {
  let result: T
  try {
    result = await one.plan.run()
  } catch (error) {
    one.tell(reason)
    throw error
  }
  // Encoded before anybody sees the result: hosts replace nested objects of what they return in place.
  const payload = room.entries.encode(result, one)
  if ('error' in payload) {
    one.tell('opaque')
    // A computed value that cannot be cached is a mistake in the program, a query's result is not.
    if (one.plan.strict) throw payload.error
    return { result, payload: undefined }
  }
  const ttl = lifetimeOf(one.policy, isEmpty(result), room.clock.random())
  const tags = recordedTags(one.tags, sights, result)
  if (payload.length > room.maxValueBytes) one.tell('too-large')
  else if (ttl === undefined || !tags) one.tell(reason)
  else {
    one.tell(reason, { ttl })
    void store(room, one, { epoch, lifetime: ttl, empty: isEmpty(result), tags }, payload)
  }
  return { result, payload }
}

type Stamp = Parameters<Entries['seal']>[0]

async function store(room: ReadRoom, one: Read<unknown>, stamp: Stamp, payload: Uint8Array): Promise<void> {
  if (one.plan.severalStatements) {
    // Statements that saw different instants make a result that never was: storable only if nothing moved.
    const after = await room.store.fetch(undefined, one.tags)
    if (!after.ok || !heldThrough(stamp, sightsOf(one.tags, after.value, one.writing), after.value.epoch))
      return
  }
  const renewal = { tags: one.tags, lifetime: 2 * room.longestLifetime() }
  await room.store.set(one.key.key, room.entries.seal(stamp, payload, one), stamp.lifetime, renewal)
}
