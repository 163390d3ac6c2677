import { milliseconds } from '../base/duration.ts'
import { CacheError } from '../base/errors.ts'
import { show } from '../base/show.ts'
import type { Policy, PolicyOptions } from '../plan/policy.ts'

const EMPTY_MOST = 30_000
const JOIN_TIMEOUT = 5_000
const LOAD_QUEUE_TIMEOUT = 5_000

/**
 * Validates a policy merged over `defaults`.
 * @param path where the user wrote it, such as `models.Product`.
 * @param ttlFix what to do if there is no `ttl`.
 * @throws CacheError naming the option, its value and the fix.
 */
export function resolvePolicy(
  options: PolicyOptions,
  defaults: PolicyOptions,
  path: string,
  ttlFix = "every cached model needs a finite lifetime, such as ttl: '10m'",
): Policy {
  const merged = { ...checked(defaults, 'defaults'), ...checked(options, path) }
  const { ttl } = merged
  if (ttl === undefined) throw new CacheError('LARDER_CONFIG', `${path}.ttl is missing: ${ttlFix}`)
  return {
    ttl,
    jitter: merged.jitter ?? 0.1,
    cacheEmpty: merged.cacheEmpty ?? Math.min(ttl, EMPTY_MOST),
    singleFlight: merged.singleFlight ?? 'process',
    joinTimeout: merged.joinTimeout ?? JOIN_TIMEOUT,
    write: merged.write ?? 'invalidate',
    onMarkFailure: merged.onMarkFailure ?? 'proceed',
    staleWhileRevalidate: merged.staleWhileRevalidate ?? 0,
    staleIfError: merged.staleIfError ?? 0,
    refreshAhead: merged.refreshAhead ?? 1,
    maxStaleness: merged.maxStaleness ?? 0,
    maxConcurrentLoads: merged.maxConcurrentLoads,
    loadQueueTimeout: merged.loadQueueTimeout ?? LOAD_QUEUE_TIMEOUT,
    onOverload: merged.onOverload ?? 'reject',
    operations: merged.operations,
    tags: merged.tags ?? [],
    touches: merged.touches ?? [],
    reads: merged.reads ?? [],
    lookupKeys: merged.lookupKeys ?? [],
  }
}

/** One check per option: takes the value the user gave and its path, returns what the engine uses. */
const CHECKS: { readonly [K in keyof Policy]: (value: unknown, option: string) => Policy[K] } = {
  ttl: lifetime,
  jitter: fraction,
  cacheEmpty: (value, option) => (value === false ? false : milliseconds(value, option)),
  singleFlight(value, option) {
    if (value === 'process' || value === 'cluster' || value === false) return value
    throw refused(value, option, `'process', 'cluster' or false`)
  },
  joinTimeout(value, option) {
    const timeout = milliseconds(value, option)
    if (timeout > 0) return timeout
    throw refused(value, option, `a time above zero, or singleFlight: false to share no loads`)
  },
  maxConcurrentLoads(value, option) {
    if (Number.isSafeInteger(value) && Number(value) > 0) return value as number
    throw refused(value, option, 'a whole number of at least 1, or leave it out for no limit')
  },
  loadQueueTimeout: milliseconds,
  onOverload(value, option) {
    if (value === 'reject' || value === 'proceed') return value
    throw refused(value, option, `'reject' or 'proceed'`)
  },
  write(value, option) {
    if (value === 'invalidate' || value === 'through' || value === 'around') return value
    throw refused(value, option, `'invalidate', 'through' or 'around'`)
  },
  onMarkFailure(value, option) {
    if (value === 'proceed' || value === 'reject') return value
    throw refused(value, option, `'proceed' or 'reject'`)
  },
  staleWhileRevalidate: milliseconds,
  staleIfError: milliseconds,
  maxStaleness: milliseconds,
  refreshAhead(value, option) {
    if (value === false) return 0
    if (typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY) return value
    throw refused(value, option, 'a number above zero, such as 1, or false to not refresh ahead')
  },
  operations: (value, option) => new Set(strings(value, option)),
  tags: strings,
  touches: strings,
  reads: strings,
  lookupKeys(value, option) {
    if (!Array.isArray(value))
      throw refused(value, option, `an array of column sets, such as [['kind', 'year']]`)
    return value.map((key, index) => strings(key, `${option}[${index}]`))
  },
}
const NAMES = Object.keys(CHECKS)
/** The names of all options of a policy. */
export const POLICY_OPTIONS: readonly string[] = NAMES

/**
 * Checks each option that is given.
 * @throws CacheError naming the option under `path`, its value and the fix, for a wrong value and for an unknown option.
 */
export function checked(options: PolicyOptions, path: string): Partial<Policy> {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw refused(options, path, `an object such as { ttl: '10m' }`)
  const policy: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(options)) {
    // An option that is there and undefined must not hide a default.
    if (value === undefined) continue
    const option = `${path}.${name}`
    if (Object.hasOwn(CHECKS, name)) policy[name] = CHECKS[name as keyof Policy](value, option)
    else throw new CacheError('LARDER_CONFIG', `${option} is not an option: there are ${NAMES.join(', ')}`)
  }
  return policy
}

function refused(value: unknown, option: string, fix: string): CacheError {
  return new CacheError('LARDER_CONFIG', `${option} is ${show(value)}: give ${fix}`)
}

function lifetime(value: unknown, option: string): number {
  const duration = milliseconds(value, option)
  if (duration > 0) return duration
  throw new CacheError(
    'LARDER_DURATION',
    `${option} is ${show(value)}: give a lifetime above zero, or leave the model out to not cache it`,
  )
}

function fraction(value: unknown, option: string): number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return value
  throw refused(value, option, 'a number from 0 to 1')
}

function strings(value: unknown, option: string): readonly string[] {
  if (!Array.isArray(value) || !value.every((tag) => typeof tag === 'string' && tag !== ''))
    throw refused(value, option, 'an array of non-empty strings')
  return value
}
