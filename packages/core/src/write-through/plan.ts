import type { Clock } from '../base/clock.ts'
import { graceOf, lifetimeOf } from '../entry/lifetime.ts'
import { type ObservedTag, type ObservedTags, observeTags } from '../entry/observed-tags.ts'
import { recordTags } from '../entry/recorded-tags.ts'
import type { EntryKeys } from '../keys/entry-key.ts'
import { type ScopeOf, UNSCOPED } from '../options/scope.ts'
import type { Change, Occurrence, RowRead, WritePlan, WriteThrough } from '../plan/plan.ts'
import type { Schema, Table } from '../plan/table.ts'
import type { Events } from '../report/events.ts'
import type { ReadTag, TagSpace } from '../tags/read-tags.ts'
import { LIST, recordName } from '../tags/spelling.ts'
import { knownRows } from '../tags/write-tags.ts'
import { type PutDeps, putEntry } from '../tier/put-entry.ts'
import type { CandidateRow } from './proof.ts'
import type { StatementRows } from './row-storage.ts'

/** What writing through needs, wired by the composition root. */
export interface WriteThroughDeps extends PutDeps {
  readonly clock: Clock
  readonly events: Events
  readonly space: TagSpace
  readonly schema: Schema
  readonly keys: EntryKeys
  readonly scopeOf: ScopeOf | undefined
  readonly maxValueBytes: number
  readonly tagsOf: (
    occurrences: readonly Occurrence[],
    userTags: readonly string[],
    around?: string,
  ) => readonly ReadTag[]
  longestLifetime(): number
}

/** How a write is written through. */
export interface WriteThroughPlan<T> extends StatementRows {
  /** Bare name of the row's table. */
  readonly table: string
  /**
   * Reads the policy's tags. Await it before a single statement; start it before a statement of a transaction. Rows are
   * stored only if the tags had arrived when the rows did. Never rejects. Synchronous if the store is.
   */
  begin(): Promise<void>
  /** Encodes the rows in the result as `rows`. Call it before the caller sees the result. Never throws. */
  read(result: T): void
}

/**
 * Decides how a write is written through. Undefined if it is not: its table is a view or has triggers, a consequence of the
 * statement may change the row after it was returned, or the scope is unknown.
 */
export function planWriteThrough<T>(
  deps: WriteThroughDeps,
  plan: Pick<WritePlan<T>, 'operation' | 'through'>,
  changes: readonly Change[],
): WriteThroughPlan<T> | undefined {
  const { through } = plan
  const name = through?.table.toLowerCase() ?? ''
  const table = deps.schema.tables.get(name)
  if (!through || !table || table.touches.length || table.reads.length) return undefined
  const others = changes.slice(through.changes)
  if (others.some((change) => change.table.toLowerCase() === name)) return undefined
  const scope = scopeNow(deps)
  if (!scope) return undefined
  return prepare(deps, plan.operation, through, scope, { table, own: changes.slice(0, through.changes) })
}

/** Returns the scope of the writer. A read without a scope may be refused, a write never is. */
function scopeNow(deps: WriteThroughDeps): { readonly value: unknown } | undefined {
  try {
    const scope = deps.scopeOf?.() ?? UNSCOPED
    return scope.kind === 'known' ? scope : undefined
  } catch {
    return undefined
  }
}

function prepare<T>(
  deps: WriteThroughDeps,
  operation: string,
  through: WriteThrough<T>,
  scope: { readonly value: unknown },
  { table, own }: { readonly table: Table; readonly own: readonly Change[] },
): WriteThroughPlan<T> {
  const { policy } = through
  const candidateRows = knownRows(deps.space, table, own)
  const lifetime = 2 * deps.longestLifetime()
  const userTags = policy.tags.length ? deps.tagsOf([], policy.tags) : []
  let userTagsBefore: UserTagsBefore | undefined = userTags.length
    ? undefined
    : { observedTags: [], epoch: undefined }
  const family = deps.keys.family()
  const rows: CandidateRow[] = []
  return {
    rows,
    table: table.name.toLowerCase(),
    candidates: candidateRows && { tags: [candidateRows], lifetime },
    async begin() {
      if (!userTags.length) return
      const { sync } = deps.store
      const seeded = sync
        ? { ok: true as const, value: sync.seed(userTags) }
        : await deps.store.seed(userTags, lifetime)
      userTagsBefore = seeded.ok
        ? { observedTags: observeTags(userTags, seeded.value, new Set()), epoch: seeded.value.epoch }
        : undefined
    },
    read(result) {
      // The row came over another connection than the one in its key, or through other parsers.
      const familyNow = deps.keys.family()
      // A connection that became known while the statement ran is the one on which it ran.
      if (!familyNow || (family && familyNow !== family)) return
      try {
        for (const rowRead of userTagsBefore ? through.reads(result) : []) {
          const row = candidateRow(
            deps,
            { operation, through, scope, userTagsBefore: userTagsBefore as UserTagsBefore, lifetime },
            rowRead,
          )
          if (row) rows.push(row)
        }
      } catch (error) {
        const message = `the row returned by ${operation} is not written through: ${String(error)}`
        deps.events.emit('warning', { code: 'write-through', message })
      }
    },
  }
}

/** The policy's tags as they were before the statement. */
interface UserTagsBefore {
  readonly observedTags: ObservedTags
  /** Undefined where there are none. */
  readonly epoch: string | undefined
}

interface CandidateSource {
  readonly operation: string
  readonly through: WriteThrough<never>
  readonly scope: { readonly value: unknown }
  readonly userTagsBefore: UserTagsBefore
  readonly lifetime: number
}

/** Returns undefined if the read is not by a unique key, or its result must not be stored. */
function candidateRow(
  deps: WriteThroughDeps,
  source: CandidateSource,
  read: RowRead,
): CandidateRow | undefined {
  const { operation, userTagsBefore, lifetime } = source
  const { policy } = source.through
  const tags = deps.tagsOf([read.occurrence], policy.tags)
  const record = recordName(deps.space.namespace, deps.space.database, read.occurrence.table)
  const tag = tags.find((candidate) => candidate.record === record)
  const [field, ...fields] = tag?.fields.filter((name) => name !== LIST) ?? []
  const [cell, ...cells] = tag?.cells ?? []
  if (tag?.list !== 'maybe' || !field || fields.length || !cell || cells.length) return undefined
  const key = deps.keys.of(source.scope.value, { operation: read.as, model: read.model, query: read.query })
  if (!key) return undefined
  const wanted = { operation, key, tags, writing: new Set<string>() }
  const payload = deps.entries.encode(read.result, wanted)
  if ('error' in payload || payload.length > deps.maxValueBytes) return undefined
  return {
    record,
    field,
    cell,
    lifetime,
    async store(proof) {
      if (userTagsBefore.epoch !== undefined && userTagsBefore.epoch !== proof.epoch) return
      // Named in the order of the tag: fields, of which `list` does not count, then the cell.
      const rowTags = tag.names.map((name, at): ObservedTag => {
        const list = tag.fields[at] === LIST
        const nonce = at < tag.fields.length ? proof.field : proof.cell
        return { name, nonce: list ? undefined : nonce, dirty: list, optional: list }
      })
      const recorded = recordTags(tags, [...rowTags, ...userTagsBefore.observedTags], read.result)
      const ttl = lifetimeOf(policy, false, deps.clock.random())
      if (!recorded || ttl === undefined) return
      await putEntry(
        deps,
        { ...wanted, started: deps.clock.now() },
        {
          epoch: proof.epoch,
          lifetime: ttl,
          empty: false,
          // Nobody measured how long the read of the row takes: it is not refreshed ahead.
          loadTime: 0,
          grace: graceOf(policy),
          tags: recorded.tags,
        },
        payload,
      )
    },
  }
}
