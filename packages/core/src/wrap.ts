import { milliseconds, type Duration } from './duration.ts'
import { CacheError } from './errors.ts'
import type { ReadPlan } from './plan.ts'
import type { Policy } from './policy/policy.ts'

/** Options of `cache.wrap`. */
export interface WrapOptions {
  /** Lifetime of the computed value. Required. */
  ttl: Duration
  /** User tags: `cache.invalidate({ tags })` ends the value. */
  tags?: readonly string[]
  /** Tables the value is computed from, by physical name: any write to one ends it. */
  reads?: readonly string[]
}

/**
 * The plan of a computed value. Its whole tables and user tags are all it depends on, for nobody can see inside `load`.
 * @throws CacheError for a missing lifetime.
 */
export function wrapPlan<T>(
  key: unknown,
  options: WrapOptions,
  policyOf: (options: WrapOptions) => Policy,
  load: () => Promise<T>,
): ReadPlan<T> {
  if (key === undefined) throw new CacheError('LARDER_CONFIG', 'wrap: the key is undefined: give a value that names this result')
  milliseconds(options.ttl, 'wrap.ttl')
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
