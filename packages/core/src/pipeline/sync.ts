import { isEmpty, lifetimeOf } from '../entry/lifetime.ts'
import { sightsOf, someMissing } from '../entry/observed-tags.ts'
import { heldThrough, recordedTags } from '../entry/recorded-tags.ts'
import { withLearned } from '../entry/result-dependencies.ts'
import { bumpAtOnce } from '../marks/finish.ts'
import { writtenNow } from '../marks/pending-writes.ts'
import type { ReadPlanAtOnce, WritePlanAtOnce } from '../plan/plan.ts'
import type { Policy } from '../plan/policy.ts'
import type { BypassReason, MissReason } from '../report/events.ts'
import { withActions } from '../tags/actions.ts'
import { merge, tagsOfWrite, type WriteTag } from '../tags/write-tags.ts'
import type { Found, Wanted } from '../tier/look-up.ts'
import type { RowAtStake } from '../write-through/proof.ts'
import { bypassOf } from './bypass.ts'
import { aroundOf, type Before } from './load.ts'
import { keyOf, type ReadRoom } from './read.ts'
import { tell } from './report-read.ts'
import { learned, provenFailed, type WriteRoom } from './write.ts'

/**
 * Reads and writes of a driver that answers at once: nothing else of this process runs between a write and what it
 * invalidates, so there is nothing to mark. Reads are cached where the store is in this process; with any other they go to
 * the database, and what is written is invalidated in the background: until that is acknowledged this process reads past
 * the cache, and others may read what was there before.
 */
export interface EngineAtOnce {
  read<T>(plan: ReadPlanAtOnce<T>): T
  /** @param held whether it is part of a transaction: what it changed is then kept until the end of that. */
  write<T>(plan: WritePlanAtOnce<T>, held: boolean): T
  /** The transaction has ended: invalidates what its writes changed, unless it was rolled back. */
  end(committed: boolean): void
}

interface Read<T> {
  readonly plan: ReadPlanAtOnce<T>
  readonly started: number
}
type Cached<T> = Read<T> & Wanted & { readonly policy: Policy }

/** The pipelines of reads and writes without a pause in them. See {@link EngineAtOnce}. */
export function createAtOnce(room: ReadRoom & WriteRoom): EngineAtOnce {
  let held: WriteTag[] = []
  return {
    read: (plan) => read(room, plan),
    write(plan, keep) {
      const changes = withActions(room.schema, plan.changes)
      const tags = tagsOfWrite(room.space, room.schema, changes, { raw: plan.model === undefined })
      // What a transaction may yet change, or roll back, is not written through.
      const through = keep || !room.store.atOnce ? undefined : room.through(plan, changes)
      void through?.begin()
      const changed = (shown: readonly WriteTag[]): void => {
        if (keep) held.push(...shown)
        else settle(room, plan, shown)
      }
      try {
        const result = plan.run()
        changed(learned(room, plan, changes, tags, result))
        for (const row of through?.rows(result) ?? []) storeRow(room, row)
        return result
      } catch (error) {
        if (!provenFailed(plan, error)) changed(tags)
        throw error
      }
    },
    end(committed) {
      const tags = merge(held)
      held = []
      if (committed && tags.length) settle(room, { operation: '$transaction' }, tags)
    },
  }
}

/**
 * A row as a write has just left it. Since the write began nobody else of this process ran, so a clean tag says that no
 * other write is under way, and its nonce is that of a read of now.
 */
function storeRow({ store }: ReadRoom, row: RowAtStake): void {
  const seen = store.atOnce?.seed([{ record: row.record, fields: [row.field], cells: [row.cell] }])
  const [field, cell] = [seen?.tags[0]?.fields[0], seen?.tags[0]?.cells[0]]
  if (!seen || !field || !cell || field.dirty || cell.dirty) return
  void row.store({ epoch: seen.epoch, field: field.nonce, cell: cell.nonce }).catch(() => {})
}

function settle(
  room: WriteRoom,
  { operation }: Pick<WritePlanAtOnce<unknown>, 'operation'>,
  tags: readonly WriteTag[],
): void {
  bumpAtOnce(room, tags)
  if (!room.events.heard('write')) return
  const tables = tags.map((tag) => tag.table)
  room.events.emit('write', { operation, tables, outcome: 'committed', duration: 0 })
}

function read<T>(room: ReadRoom, plan: ReadPlanAtOnce<T>): T {
  const began: Read<T> = { plan, started: room.clock.now() }
  const bypass = bypassOf(plan)
  const { policy } = plan
  if (bypass || !policy) return around(room, began, bypass ?? 'no-policy')
  const scope = room.scopeOf()
  if (scope.kind === 'failed') return around(room, began, 'unavailable')
  const key = keyOf(room, plan, scope.value)
  if (!key) return around(room, began, 'opaque')
  const tags = room.knownTags(key.key, plan.occurrences, policy.tags, aroundOf(plan, policy))
  const writing = writtenNow(room.unfinished, tags)
  const one: Cached<T> = { ...began, operation: plan.operation, policy, key, tags, writing }
  if (room.unfinished.covers(tags)) return around(room, one, 'dirty')
  const found = room.lookUp.askAtOnce(one)
  if (!found) return around(room, one, 'unavailable')
  const { fresh, entry, source } = found
  if (fresh.kind === 'dirty') return around(room, one, 'dirty')
  if (fresh.kind === 'miss') return load(room, one, fresh.reason, found)
  const decoded = entry && room.entries.decode(entry.payload, one, source === 'memory')
  if (!decoded) return load(room, one, 'miss', found)
  tell(room, one, undefined, { source, age: entry.age, ttl: entry.lifetime, tags: found.tags })
  return decoded.value as T
}

function around<T>(room: ReadRoom, one: Read<T> & Partial<Wanted>, reason: BypassReason | MissReason): T {
  try {
    return one.plan.run()
  } finally {
    tell(room, one, reason)
  }
}

/** A miss: what is missing of the tags is made before the query runs, and nobody else runs until its rows are stored. */
function load<T>(room: ReadRoom, one: Cached<T>, reason: MissReason, found: Found): T {
  const store = room.store.atOnce
  if (!store) return around(room, one, 'unavailable')
  const seeded = someMissing(found.sights) ? store.seed(one.tags) : undefined
  const { epoch } = seeded ?? found
  const sights = seeded ? sightsOf(one.tags, seeded, one.writing) : found.sights
  if (sights.some((tag) => tag.dirty && !tag.optional)) return around(room, one, 'dirty')
  let told: MissReason | BypassReason = reason
  let ttl: number | undefined
  try {
    const result = one.plan.run()
    const payload = room.entries.encode(result, one)
    if ('error' in payload) {
      told = 'opaque'
      return result
    }
    if (payload.length > room.maxValueBytes) {
      told = 'too-large'
      return result
    }
    const lifetime = lifetimeOf(one.policy, isEmpty(result), room.clock.random())
    const tags = recordedNow(room, one, { epoch, sights }, result)
    if (lifetime === undefined || !tags || room.keys.family() !== one.key.family) return result
    ttl = lifetime
    const stamp = { epoch, lifetime, empty: isEmpty(result), tags }
    store.set(one.key.key, room.entries.seal(stamp, payload, one), lifetime)
    return result
  } finally {
    tell(room, one, told, ttl === undefined ? {} : { ttl })
  }
}

/** What to record of a result. Nothing else ran since the load began, but a write of another kind may be under way. */
function recordedNow<T>(room: ReadRoom, one: Cached<T>, { epoch, sights }: Before, result: T) {
  const { plan, policy } = one
  const anew = room.tagsOf(plan.occurrences, policy.tags, aroundOf(plan, policy))
  const recorded = recordedTags(anew, sights, result)
  if (!recorded?.learned.length) return recorded?.tags
  const tags = withLearned(one.tags, recorded.learned)
  const after = room.store.atOnce?.seed(tags)
  const { writing } = one
  return after && heldThrough(recorded, { tags, before: sights, epoch, after, writing })
}
