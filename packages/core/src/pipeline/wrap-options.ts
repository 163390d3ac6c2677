import { type Duration, milliseconds } from '../base/duration.ts'
import { CacheError } from '../base/errors.ts'
import { show } from '../base/show.ts'
import { createQueryMap } from '../keys/query-map.ts'
import { POLICY_OPTIONS } from '../options/resolve-policy.ts'
import type { Occurrence } from '../plan/plan.ts'
import type { Policy, PolicyOptions } from '../plan/policy.ts'

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

const NAMES: readonly string[] = [
  'capture',
  ...POLICY_OPTIONS.filter((name) => !(NOT_FOR_WRAP as readonly string[]).includes(name)),
]
const KNOWN_NAMES: ReadonlySet<string> = new Set(NAMES)

/** Options of one call, as they are used. */
export interface ResolvedOptions {
  readonly captures: boolean
  readonly policy: Policy
  readonly occurrences: readonly Occurrence[]
}

/** Resolves options of `cache.wrap`, and remembers them by their content: a caller may change its object between two calls. */
export interface WrapPolicies {
  /** Returns what equal options were resolved to. Undefined: check and resolve these. */
  known(options: WrapOptions): ResolvedOptions | undefined
  /** @throws CacheError for options that are not valid as a policy. */
  resolve(options: WrapOptions): ResolvedOptions
}

/** Kinds of options remembered: a program has a few. */
const MOST_REMEMBERED = 200

export function createWrapPolicies(policyOf: (options: PolicyOptions) => Policy): WrapPolicies {
  const remembered = createQueryMap<ResolvedOptions>(MOST_REMEMBERED)
  return {
    known(options) {
      // The map ignores what is undefined, but such a name may still be no option.
      for (const name in options) if (!KNOWN_NAMES.has(name)) return undefined
      const found = remembered.get([options])
      return found && isOf(found, options) ? found : undefined
    },
    resolve(options) {
      const { capture, reads = [] } = options
      const resolved = {
        captures: capture !== false,
        policy: policyOf(policyOptionsOf(options)),
        occurrences: reads.map((table) => ({ table })),
      }
      remembered.set([options], resolved)
      return resolved
    },
  }
}

/** The map sees what can be enumerated. Options with other properties, such as hidden ones, are resolved at each call. */
function isOf({ captures, occurrences }: ResolvedOptions, { capture, reads }: WrapOptions): boolean {
  return captures === (capture !== false) && occurrences.length === (reads?.length ?? 0)
}

/** @throws CacheError for a missing lifetime, and for what is no option. */
export function checkOptions(options: WrapOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new CacheError('LARDER_CONFIG', `wrap: options are ${show(options)}: give { ttl: '5m' }`)
  const unknown = Object.keys(options).find((name) => !KNOWN_NAMES.has(name))
  if (unknown !== undefined)
    throw new CacheError(
      'LARDER_CONFIG',
      `wrap has no option ${unknown}${whyNot(unknown)}: there are ${NAMES.join(', ')}`,
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

/** The policy among the options of a wrap, with lists of its own: it outlives the call. */
function policyOptionsOf({ capture: _, reads: __, ...options }: WrapOptions): PolicyOptions {
  const { tags } = options
  const own = Array.isArray(tags) ? { ...options, tags: [...tags] } : options
  return { ...own, operations: ['captured', 'wrap'], write: 'invalidate' }
}
