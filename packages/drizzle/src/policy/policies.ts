import { CacheError, type PolicyOptions } from '@larder/core'
import { canonical, type Engine, type Policy } from '@larder/core/host'

/** The policy of one call. `false` bypasses the cache. */
export type CallPolicy = CallPolicyOptions | false

/** Options of one call. `reads` and `writes` are physical table names. */
export interface CallPolicyOptions extends PolicyOptions {
  readonly writes?: readonly string[]
  /** The query has options from `$withCache`, so errors name that. */
  readonly byWithCache?: true
}

/** The policies of one db: those of its tables, and those of its tables merged with the options of a call. */
export interface Policies {
  /** The policies of the tables, by their names in the schema. */
  readonly byTable: ReadonlyMap<string, Policy | undefined>
  /**
   * The policy for reads of a table. Undefined: they are not cached.
   * @throws CacheError for a call whose merged policy has no `ttl`.
   */
  forTable(model: string, call: CallPolicy | undefined): Policy | undefined
  /**
   * The policy for raw reads: the call's options merged over the defaults of the cache.
   * @throws CacheError for a merged policy without a `ttl`.
   */
  forRawSql(call: PolicyOptions): Policy
}

/** Policies as the user writes them, keyed by the schema's names. `false`: the table is not cached. */
export type PolicyOptionsByTable = Readonly<Record<string, PolicyOptions | false | undefined>>

/** The key of `tables` that applies to every table without a policy of its own. */
const EVERY_TABLE = '*'
/** The reads that a policy's `operations` may list. */
const OPERATIONS = ['select', 'query', '$count'] as const
/** Options that describe the schema, or apply to every write of a table. A single call cannot change them. */
const TABLE_ONLY = ['touches', 'lookupKeys', 'onMarkFailure', 'write'] as const
/** How many merged policies are kept. Call options are usually literals, so there are few different ones. */
const MAX_MERGED = 500

/**
 * Validates the policies of all tables, so that a mistake is reported at construction.
 * @param tables the bare physical name of each table, by its name in the schema.
 * @throws CacheError naming the table or option, its value and the fix.
 */
export function createPolicies(
  engine: Engine,
  tables: ReadonlyMap<string, string>,
  options: PolicyOptionsByTable,
): Policies {
  const byTable = new Map<string, Policy | undefined>()
  for (const [model, table] of tables) {
    const tableOptions = optionsFor(options, model)
    const path = `tables.${Object.hasOwn(options, model) ? model : `'*'`}`
    byTable.set(model, tableOptions && checkOperations(engine.policy(tableOptions, path, { table }), path))
  }
  const merged = new Map<string, Policy>()
  const forRawSql = new WeakMap<PolicyOptions, Policy>()
  return {
    byTable,
    forRawSql(call) {
      const policy =
        forRawSql.get(call) ?? engine.policy({ ...policyIn(call), write: 'invalidate' }, 'cached')
      forRawSql.set(call, policy)
      return policy
    },
    forTable(model, call) {
      if (call === undefined) return byTable.get(model)
      if (call === false) return undefined
      const key = canonical([model, call])
      const remembered = merged.get(key)
      if (remembered) return remembered
      const { byWithCache, ...ofCall } = call
      const path = `${byWithCache ? '$withCache(…)' : 'cached(db, …)'} on ${model || 'this query'}`
      const ttlFix = `add ${byWithCache ? '{ config: { ex: seconds } }' : 'a ttl'} to the call, or give ${model || `'*'`} a policy in tables`
      const policy = checkOperations(
        engine.policy({ ...optionsFor(options, model), ...policyIn(ofCall) }, path, { ttlFix }),
        path,
      )
      if (merged.size >= MAX_MERGED) merged.clear()
      merged.set(key, policy)
      return policy
    },
  }
}

/** The user's options for a table: its own, even if they are `false` or `undefined`, else those of `'*'`. */
export function optionsFor(options: PolicyOptionsByTable, model: string): PolicyOptions | undefined {
  return (Object.hasOwn(options, model) ? options[model] : options[EVERY_TABLE]) || undefined
}

/**
 * Rejects policies for tables that do not exist.
 * @param tables the physical names of all tables and views, by the names that the schema exports.
 * @throws CacheError `LARDER_UNKNOWN_TABLE` listing the tables that do.
 */
export function checkTableNames(tables: ReadonlyMap<string, string>, options: PolicyOptionsByTable): void {
  const unknown = Object.keys(options).find((name) => name !== EVERY_TABLE && !tables.has(name))
  if (unknown === undefined) return
  const names = [...tables.keys()]
  const meant = names.find(
    (name) => tables.get(name) === unknown || name.toLowerCase() === unknown.toLowerCase(),
  )
  throw new CacheError(
    'LARDER_UNKNOWN_TABLE',
    `tables.${unknown}: the schema exports no table or view of that name${meant ? `: give ${meant}` : ''}: there are ${names.join(', ')}`,
  )
}

/**
 * Rejects options that are not allowed per call.
 * @throws CacheError naming the option.
 */
export function checkCallPolicy(engine: Engine, call: unknown): asserts call is CallPolicy {
  if (call === false) return
  if (typeof call !== 'object' || call === null || Array.isArray(call))
    throw new CacheError(
      'LARDER_CONFIG',
      `cached(db, …) takes a policy such as { ttl: '30s' }, or false; not ${String(call)}`,
    )
  for (const name of TABLE_ONLY)
    if (name in call)
      throw new CacheError(
        'LARDER_CONFIG',
        `cached(db, { ${name} }) describes the table: set ${name} in tables, not per call`,
      )
  const { reads } = call as PolicyOptions
  // Raw SQL belongs to no table, so with `reads` the call itself must have a ttl. Otherwise the table's applies.
  const fallback = reads === undefined && { ttl: 1 }
  checkOperations(engine.policy({ ...fallback, ...policyIn(call) }, 'cached'), 'cached')
}

/** A misspelt operation would silently disable the cache. */
function checkOperations(policy: Policy, path: string): Policy {
  const operations: readonly string[] = OPERATIONS
  const unknown = [...(policy.operations ?? [])].find((name) => !operations.includes(name))
  if (unknown === undefined) return policy
  throw new CacheError(
    'LARDER_CONFIG',
    `${path}.operations contains ${JSON.stringify(unknown)}: the possible reads are ${OPERATIONS.join(', ')}`,
  )
}

/** The policy among a call's options. An option set to `undefined` must not hide the table's. */
function policyIn({ reads: _, ...call }: PolicyOptions): PolicyOptions {
  return Object.fromEntries(
    Object.entries(call).filter(([name, value]) => name !== 'writes' && value !== undefined),
  )
}
