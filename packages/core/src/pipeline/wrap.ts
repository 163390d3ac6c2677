import { type Duration, milliseconds } from '../base/duration.ts'
import { CacheError } from '../base/errors.ts'
import { show } from '../base/show.ts'
import { POLICY_OPTIONS } from '../options/resolve-policy.ts'
import type { Refusal } from '../plan/contribution.ts'
import { holding, type KnownDatabase } from '../plan/known-databases.ts'
import type { Occurrence, ReadPlan } from '../plan/plan.ts'
import type { Policy, PolicyOptions } from '../plan/policy.ts'
import { type ReadTag, tagsOfRead } from '../tags/read-tags.ts'

/**
 * Options of `cache.wrap`: those of a policy that make sense for a computed value, and what it depends on. See
 * {@link PolicyOptions} for the ones that are not described here.
 */
export interface WrapOptions extends Omit<PolicyOptions, (typeof NOT_FOR_WRAP)[number]> {
  /** Lifetime of the computed value. Required. */
  ttl: Duration
  /**
   * `true` (default): the value depends on what the reads inside `load` depend on, of every client of this cache. `false`: only
   * on `reads` and `tags`.
   */
  capture?: boolean
  /** Tags of the value, for `cache.invalidate({ tags })`. */
  tags?: readonly string[]
  /** Further tables the value is computed from, by physical name. A write to one of them invalidates the value. */
  reads?: readonly string[]
  /**
   * How long callers wait for the `load` of another caller, counted from its start. Then one of them loads again.
   * Default `'5s'`. Set it higher if `load` regularly takes longer.
   */
  joinTimeout?: Duration
}

/**
 * Options of a policy that describe a model, or its writes, and `staleIfError`: the errors of a function are not those of a
 * driver, so nobody can tell whether the database was reached.
 */
const NOT_FOR_WRAP = [
  'write',
  'onMarkFailure',
  'operations',
  'touches',
  'lookupKeys',
  'staleIfError',
] as const

/** What {@link wrapPlan} takes from its cache. */
export interface WrapPlanDeps {
  policyOf(options: WrapOptions): Policy
  /** Called if a read inside `load` keeps the value from being stored. */
  refused(key: unknown, cause: Refusal): void
}

/**
 * The plan of a computed value. It depends on its whole tables and user tags, and on what the reads inside `load` depend on.
 * @throws CacheError for a missing lifetime, and for what is no option.
 */
export function wrapPlan<T>(
  { policyOf, refused }: WrapPlanDeps,
  key: unknown,
  options: WrapOptions,
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
  const captures = options.capture !== false
  return {
    operation: 'wrap',
    // An entry without captured dependencies must not be found by a call that captures.
    ...(captures && { as: 'captured', captures: (cause) => refused(key, cause) }),
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

function checkOptions(options: WrapOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new CacheError('LARDER_CONFIG', `wrap: options are ${show(options)}: give { ttl: '5m' }`)
  const names = [
    'capture',
    ...POLICY_OPTIONS.filter((name) => !(NOT_FOR_WRAP as readonly string[]).includes(name)),
  ]
  const unknown = Object.keys(options).find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new CacheError(
      'LARDER_CONFIG',
      `wrap has no option ${unknown}${whyNot(unknown)}: there are ${names.join(', ')}`,
    )
  if (options.ttl === undefined)
    throw new CacheError(
      'LARDER_CONFIG',
      "wrap.ttl is missing: every computed value needs a finite lifetime, such as ttl: '10m'",
    )
  milliseconds(options.ttl, 'wrap.ttl')
  const { reads = [], capture = true } = options
  if (typeof capture !== 'boolean')
    throw new CacheError('LARDER_CONFIG', `wrap.capture is ${show(capture)}: give true or false`)
  if (!Array.isArray(reads) || !reads.every((table) => typeof table === 'string'))
    throw new CacheError('LARDER_CONFIG', `wrap.reads is ${show(reads)}: give an array of table names`)
}

function whyNot(option: string): string {
  if (option === 'staleIfError')
    return ', because the error of a function does not tell whether the database was reached'
  return (NOT_FOR_WRAP as readonly string[]).includes(option) ? ', because it describes a model' : ''
}

/** The policy among the options of a wrap. */
export function policyOptionsOf({ capture: _, reads: __, ...options }: WrapOptions): PolicyOptions {
  return { ...options, operations: ['captured', 'wrap'], write: 'invalidate' }
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
