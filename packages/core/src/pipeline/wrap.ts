import { CacheError } from '../base/errors.ts'
import { show } from '../base/show.ts'
import type { Refusal } from '../plan/contribution.ts'
import { holding, type KnownDatabase } from '../plan/known-databases.ts'
import type { Occurrence, ReadPlan } from '../plan/plan.ts'
import { type ReadTag, tagsOfRead } from '../tags/read-tags.ts'
import { checkOptions, type WrapOptions, type WrapPolicies } from './wrap-options.ts'

/** What {@link wrapPlan} takes from its cache. */
export interface WrapPlanDeps {
  readonly policies: WrapPolicies
  /** Called if a read inside `load` keeps the value from being stored. */
  refused(key: unknown, cause: Refusal): void
  /** Runs `load`. `captures`: whether the value depends on what it reads. */
  run<T>(load: () => Promise<T>, captures: boolean): Promise<T>
  /** True inside a transaction, in which nothing is cached. */
  inTransaction(): boolean
}

/**
 * The plan of a computed value. It depends on its whole tables and user tags, and on what the reads inside `load` depend on.
 * @throws CacheError for a missing lifetime, and for what is no option.
 */
export function wrapPlan<T>(
  deps: WrapPlanDeps,
  key: unknown,
  options: WrapOptions,
  load: () => Promise<T>,
): ReadPlan<T> {
  if (key === undefined)
    throw new CacheError('LARDER_CONFIG', 'wrap: the key is undefined: give a value that names this result')
  const known = deps.policies.known(options)
  if (!known) checkOptions(options)
  if (typeof load !== 'function')
    throw new CacheError(
      'LARDER_CONFIG',
      `wrap: load is ${show(load)}: give a function that computes the value`,
    )
  const { captures, policy, occurrences } = known ?? deps.policies.resolve(options)
  return {
    operation: 'wrap',
    // An entry without captured dependencies must not be found by a call that captures.
    as: captures ? 'captured' : undefined,
    captures: captures ? (cause) => deps.refused(key, cause) : undefined,
    model: 'wrap',
    policy,
    bypass: deps.inTransaction() ? 'transaction' : undefined,
    query: key,
    occurrences,
    // Whatever `load` reads, it may read at several instants.
    severalStatements: true,
    strict: true,
    run: () => deps.run(async () => await load(), captures),
  }
}

/**
 * The tags of a computed value: its tables in every attached database that has them, views with what they read.
 * @throws CacheError for a table that no attached client knows: nothing would ever end the value.
 */
export function tagsOfWrap(
  namespace: string,
  databases: readonly KnownDatabase[],
  occurrences: readonly Occurrence[],
  userTags: readonly string[],
): readonly ReadTag[] {
  const byRecord = new Map<string, ReadTag>()
  for (const occurrence of occurrences)
    for (const { database, tables } of holding(databases, occurrence.table))
      for (const table of tables.length ? tables : [NO_TABLES])
        for (const tag of tagsOfRead({ namespace, database }, { tables: table }, [occurrence], []))
          byRecord.set(tag.record, tag)
  const user = tagsOfRead({ namespace, database: '' }, { tables: NO_TABLES }, [], userTags)
  return [...[...byRecord.values()].sort((a, b) => (a.record < b.record ? -1 : 1)), ...user]
}

const NO_TABLES: KnownDatabase['tables'][number] = new Map()
