import type { CapturedOutcome } from '../capture/captured-dependencies.ts'
import { isEmpty, LONGEST_AHEAD, lifetimeOf, refreshesAhead } from '../entry/lifetime.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import { fieldName, LIST } from '../tags/spelling.ts'
import type { LookUpResult } from '../tier/look-up.ts'
import type { RecentResult } from '../tier/recent-results.ts'
import {
  accepts,
  type DecideDeps,
  type Decision,
  type EntryRead,
  type PlannedRead,
  writeAroundTable,
} from './decide.ts'
import { reportRead } from './report-read.ts'

/**
 * Serves a recent result of this process without asking the store, if the policy has a `maxStaleness`. Undefined: ask. A
 * read that is part of a load is never served one.
 */
export function tryRecent(
  deps: DecideDeps,
  entryRead: EntryRead<PlannedRead>,
): Extract<Decision, { kind: 'hit' }> | undefined {
  const { policy } = entryRead
  const recent = deps.recents.get(entryRead, Math.min(policy.maxStaleness, policy.ttl))
  if (!recent || deps.strictLoads.isActive()) return undefined
  const decoded = deps.entries.decode(recent, entryRead)
  if (!decoded || !accepts(entryRead.plan, decoded.value)) return undefined
  const age = deps.clock.now() - recent.current
  reportRead(deps, entryRead, undefined, { source: 'memory', age, ttl: recent.lifetime })
  return { kind: 'hit', value: decoded.value, refresh: isDue(deps, entryRead, recent, age) }
}

/** The next result counts from its begin, so it must begin earlier than a refresh whose entry lives for minutes. */
const EARLIER = 5

/** Whether a result is to be renewed before it is too old: by the rule of refreshing ahead, in the second half of its time. */
function isDue(
  { clock }: DecideDeps,
  { policy }: EntryRead<PlannedRead>,
  { cost }: RecentResult,
  age: number,
): boolean {
  const { maxStaleness } = policy
  const beta = policy.refreshAhead * EARLIER
  const remaining = maxStaleness - age
  return (
    remaining < maxStaleness / 2 &&
    remaining < cost * beta * LONGEST_AHEAD &&
    refreshesAhead(remaining, cost, beta, clock.random())
  )
}

/** A query that ran: what it returned may be served for a while, whether or not it may be stored. */
export interface RanQuery {
  readonly result: unknown
  /** The result's bytes. Undefined: it cannot be encoded. */
  readonly payload: Uint8Array | undefined
  /** When it began, by the clock. */
  readonly began: number
  readonly captured?: CapturedOutcome | undefined
}

/**
 * Keeps the result of a query of this process.
 * @param confirmed whether nothing that the result depends on changed while it was loaded. Statements that saw different
 * instants make a result that never was current, so a result of several is kept only then.
 */
export function keepRan(
  deps: DecideDeps,
  entryRead: EntryRead<PlannedRead>,
  { result, payload, began, captured }: RanQuery,
  confirmed?: Promise<boolean>,
): void {
  const { plan, policy, key } = entryRead
  const lifetime = lifetimeOf(policy, isEmpty(result), deps.clock.random())
  if (!payload || payload.length > deps.maxValueBytes || lifetime === undefined) return
  // Without what it depends on, nobody could tell whether a write of this process has touched it.
  if (plan.captures && !captured?.dependencies) return
  if (deps.keys.family() !== key.family) return
  const tags = deps.tagsOf(plan.occurrences, policy.tags, writeAroundTable(plan, policy))
  const dependencies = [
    ...tags.map((tag) => dependencyOf(tag, tag.list === 'maybe' ? tag.insteadOfList(result) : [])),
    ...(captured?.dependencies?.tags ?? []),
  ]
  const ran = { payload, current: began, lifetime, until: began + lifetime, dependencies }
  if (!plan.severalStatements || !dependencies.length) keep(deps, entryRead, ran)
  else void confirmed?.then((isConfirmed) => isConfirmed && keep(deps, entryRead, ran))
}

/** Keeps an entry that was current while the read ran. */
export function keepHit(
  deps: DecideDeps,
  entryRead: EntryRead<PlannedRead>,
  { entry, tags }: LookUpResult,
): void {
  if (!entry) return
  const { payload, local, lifetime, state } = entry
  const dependencies = tags.map((tag) =>
    dependencyOf(tag, state.nonces.has(fieldName(tag.record, LIST)) ? undefined : []),
  )
  keep(deps, entryRead, {
    payload,
    local,
    current: entryRead.started,
    lifetime,
    until: entryRead.started + state.remaining,
    dependencies,
  })
}

function keep(
  { clock, recents, pause }: DecideDeps,
  entryRead: EntryRead<PlannedRead>,
  result: Omit<RecentResult, 'cost' | 'lastEnded'>,
): void {
  if (pause.active) return
  recents.put(entryRead, { ...result, cost: clock.now() - entryRead.started, lastEnded: entryRead.lastEnded })
}

/** The tag as the result depends on it. `cells`: instead of on `list`, where the read left that open. */
function dependencyOf(tag: ReadTag, cells: readonly string[] | undefined): ReadTag {
  if (tag.list !== 'maybe') return tag
  // Not spread: the properties of a tag may be accessors of its class.
  const { record, fields, names, resultCells, captured } = tag
  return {
    record,
    fields,
    names,
    ...(resultCells !== undefined && { resultCells }),
    ...(captured && { captured }),
    insteadOfList: (result) => tag.insteadOfList(result),
    cells: cells ? [...tag.cells, ...cells] : tag.cells,
    list: cells ? 'no' : 'depends',
  }
}
