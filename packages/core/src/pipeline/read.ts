import { sightsOf, someMissing } from '../entry/observed-tags.ts'
import type { EntryKey } from '../keys/entry-key.ts'
import { writtenNow } from '../marks/pending-writes.ts'
import type { ScopeOf } from '../options/scope.ts'
import type { ReadPlan } from '../plan/plan.ts'
import type { BypassReason, Events, MissReason } from '../report/events.ts'
import type { KnownTags } from '../tags/known-tags.ts'
import type { Found, Wanted } from '../tier/look-up.ts'
import { bypassOf } from './bypass.ts'
import { aroundOf, type CachedRead, type FillRoom, fill, type Loaded } from './load.ts'
import { tell } from './report-read.ts'
import type { Shared } from './share.ts'
import type { SingleFlight } from './single-flight.ts'
import type { TurnFlight } from './turn-flight.ts'

/** What reads of one host need, wired by the composition root. */
export interface ReadRoom extends FillRoom {
  readonly events: Events
  readonly flights: SingleFlight<Loaded>
  readonly turns: TurnFlight<Loaded>
  readonly scopeOf: ScopeOf
  /** What a read depends on, of reads asked before: all but what their results show. */
  readonly knownTags: KnownTags
}

/** One read on its way down, from its beginning. */
interface Read<T> extends Pick<Wanted, 'started'> {
  readonly plan: ReadPlan<T>
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
  if (room.storing.size) await room.storing.get(key.key)
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
  tell(room, one, undefined, { source, age: entry.age, ttl: entry.lifetime, tags: found.tags })
  return decoded.value as T
}

/** A host whose judgement fails has accepted nothing. */
function accepts({ accepts: judge }: ReadPlan<unknown>, result: unknown): boolean {
  try {
    return judge?.(result) ?? true
  } catch {
    return false
  }
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
  const loading = async (others: number): Promise<Loaded> => {
    const result = await alone()
    const payload = others ? room.entries.encode(result, one) : undefined
    return { result, payload: payload && 'error' in payload ? undefined : payload }
  }
  const shared = room.turns.share(one.key.key, loading, one.policy.joinTimeout, one.plan.joined)
  return landed(room, one, await shared, 'unavailable', alone)
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
  const loading = () => fill(room, one, reason, { epoch, sights })
  const alone = async (): Promise<T> => (await loading()).result as T
  if (one.policy.singleFlight === false || someMissing(sights) || sights.some((tag) => tag.dirty))
    return alone()
  const flight = `${one.key.key} ${epoch} ${sights.map((tag) => tag.nonce).join(' ')}`
  const shared = room.flights.share(flight, loading, one.policy.joinTimeout, one.plan.joined)
  return landed(room, one, await shared, reason, alone)
}

/** The result of a shared load for one of its callers, which is its own. */
async function landed<T>(
  room: ReadRoom,
  one: CachedRead<T>,
  shared: Shared<Loaded>,
  reason: BypassReason | MissReason,
  alone: () => Promise<T>,
): Promise<T> {
  if ('own' in shared) return shared.own.result as T
  const payload = shared.other?.payload
  const copy = payload && room.entries.decode(payload, one)
  // The other caller's load failed, or gave nothing that can be copied: its error and its objects stay its own.
  if (!copy || !accepts(one.plan, copy.value)) return alone()
  tell(room, one, reason, { shared: true })
  return copy.value as T
}
