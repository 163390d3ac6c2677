import { type Duration, milliseconds } from '../base/duration.ts'
import { CacheError } from '../base/errors.ts'
import { show } from '../base/show.ts'
import { holding, type KnownDatabase } from '../plan/known-databases.ts'
import type { Occurrence, ReadPlan } from '../plan/plan.ts'
import type { Policy } from '../plan/policy.ts'
import { type ReadTag, tagsOfRead } from '../tags/read-tags.ts'

/** Options of `cache.wrap`. */
export interface WrapOptions {
  /** Lifetime of the computed value. Required. */
  ttl: Duration
  /** Tags of the value, for `cache.invalidate({ tags })`. */
  tags?: readonly string[]
  /** Tables the value is computed from, by physical name. A write to one of them invalidates the value. */
  reads?: readonly string[]
  /**
   * How long callers wait for the `load` of another caller, counted from its start. Then one of them loads again.
   * Default `'5s'`. Set it higher if `load` regularly takes longer.
   */
  joinTimeout?: Duration
}

/**
 * The plan of a computed value. Its whole tables and user tags are all it depends on, for nobody can see inside `load`.
 * @throws CacheError for a missing lifetime, and for what is no option.
 */
export function wrapPlan<T>(
  key: unknown,
  options: WrapOptions,
  policyOf: (options: WrapOptions) => Policy,
  load: () => Promise<T>,
): ReadPlan<T> {
  if (key === undefined)
    throw new CacheError('LARDER_CONFIG', 'wrap: the key is undefined: give a value that names this result')
  checkOptions(options)
  if (typeof load !== 'function')
    throw new CacheError(
      'LARDER_CONFIG',
      `wrap: load is ${show(load)}: give a function that computes the value`,
    )
  return {
    operation: 'wrap',
    model: 'wrap',
    policy: policyOf(options),
    query: key,
    occurrences: (options.reads ?? []).map((table) => ({ table })),
    // Whatever `load` reads, it may read at several instants.
    severalStatements: true,
    strict: true,
    run: async () => await load(),
  }
}

const OPTIONS: readonly string[] = ['ttl', 'tags', 'reads', 'joinTimeout'] satisfies (keyof WrapOptions)[]

function checkOptions(options: WrapOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new CacheError('LARDER_CONFIG', `wrap: options are ${show(options)}: give { ttl: '5m' }`)
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name))
  if (unknown !== undefined)
    throw new CacheError('LARDER_CONFIG', `wrap has no option ${unknown}: there are ${OPTIONS.join(', ')}`)
  milliseconds(options.ttl, 'wrap.ttl')
  const { reads = [] } = options
  if (!Array.isArray(reads) || !reads.every((table) => typeof table === 'string'))
    throw new CacheError('LARDER_CONFIG', `wrap.reads is ${show(reads)}: give an array of table names`)
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
      for (const known of tables.length ? tables : [NO_TABLES])
        for (const tag of tagsOfRead({ namespace, database }, { tables: known }, [occurrence], []))
          byRecord.set(tag.record, tag)
  const user = tagsOfRead({ namespace, database: '' }, { tables: NO_TABLES }, [], userTags)
  return [...[...byRecord.values()].sort((a, b) => (a.record < b.record ? -1 : 1)), ...user]
}

const NO_TABLES: KnownDatabase['tables'][number] = new Map()
