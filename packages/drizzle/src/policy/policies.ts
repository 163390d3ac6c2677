import { CacheError, type PolicyOptions } from '@larder/core'
import { canonical, type Engine, type Policy } from '@larder/core/host'

/** A policy for one call: `false` goes past the cache. `reads` and `writes` are physical names of tables. */
export type CallPolicy = (PolicyOptions & { readonly writes?: readonly string[] }) | false

/** Policies of one db, as its tables' and one call's options make them. */
export interface Policies {
  /** Undefined: reads of the table are not cached. Throws for a call whose merged policy has no lifetime. */
  of(model: string, call: CallPolicy | undefined): Policy | undefined
  /** That of raw reads: what the call says, over the cache's defaults. Throws as above. */
  raw(call: PolicyOptions): Policy
}

/** Policies as the user writes them: by the schema's names. */
export type WrittenPolicies = Readonly<Record<string, PolicyOptions | undefined>>

/** The key of `tables` that stands for every table without a policy of its own. */
const EVERY_TABLE = '*'
/** Names of what a policy's `operations` may list. */
const OPERATIONS = ['select', 'query', '$count'] as const
/** Options that describe the schema, or all writes of a table; one call cannot change them. */
const OF_THE_TABLE = ['touches', 'lookupKeys', 'onMarkFailure', 'write'] as const
/** Policies made for calls that are kept: a policy is usually a literal, and there are few. */
const MOST_CALLS = 500

/**
 * Validates the policies of all tables at once, so that a mistake shows at construction. `tables`: the bare physical
 * name of each table by its name in the schema.
 * @throws CacheError naming the table or option, its value and the fix.
 */
export function policiesOf(
  engine: Engine,
  tables: ReadonlyMap<string, string>,
  written: WrittenPolicies,
): Policies {
  const own = new Map<string, Policy | undefined>()
  for (const [model, table] of tables) {
    const found = writtenFor(written, model)
    const path = `tables.${Object.hasOwn(written, model) ? model : `'*'`}`
    own.set(model, found && checked(engine.policy(found, path, table), path))
  }
  const merged = new Map<string, Policy>()
  const raw = new WeakMap<PolicyOptions, Policy>()
  return {
    raw(call) {
      const policy = raw.get(call) ?? engine.policy({ ...given(call), write: 'invalidate' }, 'cached')
      raw.set(call, policy)
      return policy
    },
    of(model, call) {
      if (call === undefined) return own.get(model)
      if (call === false) return undefined
      const key = canonical([model, call])
      const known = merged.get(key)
      if (known) return known
      const path = `cached(db, …) on ${model}`
      const policy = checked(engine.policy({ ...writtenFor(written, model), ...given(call) }, path), path)
      if (merged.size >= MOST_CALLS) merged.clear()
      merged.set(key, policy)
      return policy
    },
  }
}

/** The policy a table has as the user wrote it: its own, even if that says `undefined`, or that of `'*'`. */
export function writtenFor(written: WrittenPolicies, model: string): PolicyOptions | undefined {
  return Object.hasOwn(written, model) ? written[model] : written[EVERY_TABLE]
}

/**
 * Refuses names that no table has.
 * @throws CacheError `LARDER_UNKNOWN_TABLE` naming those there are.
 */
export function checkNames(models: readonly string[], written: WrittenPolicies): void {
  const unknown = Object.keys(written).find((name) => name !== EVERY_TABLE && !models.includes(name))
  if (unknown === undefined) return
  throw new CacheError(
    'LARDER_UNKNOWN_TABLE',
    `tables.${unknown}: the schema exports no such table or view: there are ${models.join(', ')}`,
  )
}

/**
 * Refuses options that no call can have.
 * @throws CacheError naming the option.
 */
export function checkCall(engine: Engine, call: unknown): asserts call is CallPolicy {
  if (call === false) return
  if (typeof call !== 'object' || call === null || Array.isArray(call))
    throw new CacheError(
      'LARDER_CONFIG',
      `cached(db, …) takes a policy such as { ttl: '30s' }, or false; not ${String(call)}`,
    )
  for (const name of OF_THE_TABLE)
    if (name in call)
      throw new CacheError(
        'LARDER_CONFIG',
        `cached(db, { ${name} }) describes the table: give it in tables, not per call`,
      )
  const { reads } = call as PolicyOptions
  // Raw SQL is of no table: the lifetime of what it reads stands here or nowhere.
  checked(engine.policy({ ...(reads === undefined && { ttl: 1 }), ...given(call) }, 'cached'), 'cached')
}

/** A misspelt operation would switch the cache off, and silently. */
function checked(policy: Policy, path: string): Policy {
  const known: readonly string[] = OPERATIONS
  const unknown = [...(policy.operations ?? [])].find((name) => !known.includes(name))
  if (unknown === undefined) return policy
  throw new CacheError(
    'LARDER_CONFIG',
    `${path}.operations names ${JSON.stringify(unknown)}: the reads there are ${OPERATIONS.join(', ')}`,
  )
}

/** The policy in it. An option that is there and undefined must not hide the table's. */
function given({ reads: _, ...call }: PolicyOptions): PolicyOptions {
  return Object.fromEntries(
    Object.entries(call).filter(([name, value]) => name !== 'writes' && value !== undefined),
  )
}
