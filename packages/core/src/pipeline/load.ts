import { isEmpty, lifetimeOf } from '../entry/lifetime.ts'
import type { TagSights } from '../entry/observed-tags.ts'
import { heldThrough, type Recorded, recordedTags } from '../entry/recorded-tags.ts'
import { withLearned } from '../entry/result-dependencies.ts'
import type { EntryKeys } from '../keys/entry-key.ts'
import { type Unfinished, writtenNow } from '../marks/pending-writes.ts'
import type { ReadPlan } from '../plan/plan.ts'
import type { Policy } from '../plan/policy.ts'
import type { MissReason } from '../report/events.ts'
import type { DeriveTags } from '../tags/known-tags.ts'
import type { Wanted } from '../tier/look-up.ts'
import { type PutRoom, putEntry, type Stamp } from '../tier/put-entry.ts'
import { type TellRoom, tell } from './report-read.ts'

/** What filling needs, wired by the composition root. */
export interface FillRoom extends PutRoom, TellRoom {
  readonly unfinished: Unfinished
  readonly keys: EntryKeys
  readonly maxValueBytes: number
  /** Entries of this process that are about to be stored, by name: whoever wants one waits for that. */
  readonly storing: Map<string, Promise<void>>
  /** What a read depends on, given what it uses and the user tags of its policy. */
  readonly tagsOf: DeriveTags
  /** Longest lifetime of any entry, in milliseconds: tags must outlive it. */
  longestLifetime(): number
}

/** One read that asks the cache. */
export interface CachedRead<T> extends Wanted {
  readonly plan: ReadPlan<T>
  readonly policy: Policy
}

/** What a load leaves for the callers that joined it. */
export interface Loaded {
  readonly result: unknown
  /** The result's bytes; undefined when it could not be encoded. */
  readonly payload: Uint8Array | undefined
}

/** The tags of a read as they were before its load. */
export interface Before {
  readonly epoch: string
  readonly sights: TagSights
}

/** Runs the host's query and stores the result under the tags as they were before it. */
export async function fill<T>(
  room: FillRoom,
  one: CachedRead<T>,
  reason: MissReason,
  before: Before,
): Promise<Loaded> {
  let result: T
  try {
    result = await one.plan.run()
  } catch (error) {
    tell(room, one, reason)
    throw error
  }
  // Encoded and read before anybody sees the result: hosts replace nested objects of what they return in place.
  const payload = room.entries.encode(result, one)
  if ('error' in payload) {
    tell(room, one, 'opaque')
    // A computed value that cannot be cached is a mistake in the program, a query's result is not.
    if (one.plan.strict) throw payload.error
    return { result, payload: undefined }
  }
  const empty = isEmpty(result)
  const lifetime = lifetimeOf(one.policy, empty, room.clock.random())
  const recorded = recordedTags(tagsAnew(room, one), before.sights, result)
  if (payload.length > room.maxValueBytes) tell(room, one, 'too-large')
  // Rows that came over another connection than the key says, or through other parsers, are nobody's.
  else if (lifetime === undefined || !recorded || room.keys.family() !== one.key.family)
    tell(room, one, reason)
  else {
    tell(room, one, reason, { ttl: lifetime })
    storeSoon(room, one, before, recorded, { lifetime, empty }, payload)
  }
  return { result, payload }
}

/** The table whose writes leave this read alone. */
export function aroundOf(plan: Pick<ReadPlan<unknown>, 'occurrences'>, policy: Policy): string | undefined {
  return policy.write === 'around' ? plan.occurrences[0]?.table : undefined
}

/** With what the result shows. */
function tagsAnew(room: FillRoom, { plan, policy }: CachedRead<unknown>): ReturnType<DeriveTags> {
  return room.tagsOf(plan.occurrences, policy.tags, aroundOf(plan, policy))
}

/**
 * Nobody waits for an entry to be stored, except those who ask for this very entry before it is known whether it may be
 * stored: what they would find missing is on its way. That takes one question to the store, which has a deadline.
 */
function storeSoon(room: FillRoom, one: CachedRead<unknown>, ...rest: StoreRest): void {
  const { storing } = room
  const { key } = one.key
  const [before, recorded, made, payload] = rest
  if (!asksAgain(one, recorded)) {
    void store(room, one, before, recorded, made, payload)
    return
  }
  const sent = new Promise<void>((resolve) => {
    void store(room, one, before, recorded, made, payload, resolve).then(resolve, resolve)
  }).finally(() => {
    if (storing.get(key) === sent) storing.delete(key)
  })
  storing.set(key, sent)
}

type StoreRest = [
  before: Before,
  recorded: Recorded,
  made: Pick<Stamp, 'lifetime' | 'empty'>,
  payload: Uint8Array,
]

/** Whether the tags must be looked at once more before the result may be stored. */
function asksAgain({ plan }: CachedRead<unknown>, { learned }: Recorded): boolean {
  return learned.length > 0 || plan.severalStatements
}

/** @param sent called when the entry is on its way to the store, or will not be. */
async function store(
  room: FillRoom,
  one: CachedRead<unknown>,
  before: Before,
  recorded: Recorded,
  made: Pick<Stamp, 'lifetime' | 'empty'>,
  payload: Uint8Array,
  sent: () => void = () => {},
): Promise<void> {
  const lifetime = 2 * room.longestLifetime()
  const all = withLearned(one.tags, recorded.learned)
  const held = asksAgain(one, recorded)
    ? await heldTags(room, one, before, recorded, all, lifetime)
    : recorded.tags
  if (!held) return
  const stamp = { ...made, epoch: before.epoch, tags: held }
  const stored = putEntry(room, one, stamp, payload, { tags: all, lifetime })
  // Who asks from now on does so after it, over the same connection.
  sent()
  await stored
}

/** What to record, once it is sure that nothing moved that could not be seen before the load. */
async function heldTags(
  room: FillRoom,
  one: CachedRead<unknown>,
  { epoch, sights }: Before,
  recorded: Recorded,
  all: Wanted['tags'],
  lifetime: number,
): Promise<Stamp['tags'] | undefined> {
  const { learned } = recorded
  // Statements that saw different instants make a result that never was: storable only if nothing moved.
  const after = learned.length ? await room.store.seed(all, lifetime) : await room.store.fetch(undefined, all)
  if (!after.ok) return undefined
  const writing = writtenNow(room.unfinished, one.tags)
  return heldThrough(recorded, { tags: all, before: sights, epoch, after: after.value, writing })
}
