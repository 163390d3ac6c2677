import { milliseconds } from '../duration.ts'
import { CacheError } from '../errors.ts'
import type { Policy, PolicyOptions } from './policy.ts'

const EMPTY_MOST = 30_000
/** Options of the contract that later versions bring: refused rather than ignored. */
const NOT_BUILT = [
  'staleWhileRevalidate',
  'staleIfError',
  'refreshAhead',
  'maxStaleness',
  'maxConcurrentLoads',
  'onMarkFailure',
] as const satisfies readonly (keyof PolicyOptions)[]
/** The values that say "off", and so ask for nothing that is missing. */
const OFF = new Map<string, readonly unknown[]>([
  ['refreshAhead', [false]],
  ['onMarkFailure', ['proceed']],
  ['staleWhileRevalidate', [0]],
  ['staleIfError', [0]],
  ['maxStaleness', [0]],
])
const BUILT = new Set<string>([
  'ttl',
  'jitter',
  'cacheEmpty',
  'write',
  'singleFlight',
  'operations',
  'tags',
  'touches',
  'reads',
  'lookupKeys',
])

/**
 * Validates a policy merged over `defaults`. `path` is where the user wrote it, such as `models.Product`.
 * @throws CacheError naming the option, its value and the fix.
 */
export function resolvePolicy(options: PolicyOptions, defaults: PolicyOptions, path: string): Policy {
  refuse(options, path)
  refuse(defaults, 'defaults')
  const merged = { ...defaults, ...defined(options) }
  const ttl = lifetime(merged.ttl, path)
  return {
    ttl,
    jitter: fraction(merged.jitter ?? 0.1, `${path}.jitter`),
    cacheEmpty:
      merged.cacheEmpty === false
        ? false
        : merged.cacheEmpty === undefined
          ? Math.min(ttl, EMPTY_MOST)
          : milliseconds(merged.cacheEmpty, `${path}.cacheEmpty`),
    singleFlight: merged.singleFlight === false ? false : 'process',
    operations: merged.operations && new Set(strings(merged.operations, `${path}.operations`)),
    tags: strings(merged.tags ?? [], `${path}.tags`),
    touches: strings(merged.touches ?? [], `${path}.touches`),
    reads: strings(merged.reads ?? [], `${path}.reads`),
    lookupKeys: (merged.lookupKeys ?? []).map((key, index) => strings(key, `${path}.lookupKeys[${index}]`)),
  }
}

/** Refuses options nobody knows, and options that are known and not built. */
export function refuse(options: PolicyOptions, path: string): void {
  if (typeof options !== 'object' || options === null)
    throw new CacheError(
      'LARDER_CONFIG',
      `${path} is ${String(options)}: give an object such as { ttl: '10m' }`,
    )
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue
    if ((NOT_BUILT as readonly string[]).includes(name)) {
      if (!OFF.get(name)?.includes(value)) throw notBuilt(`${path}.${name}`)
    } else if (!BUILT.has(name))
      throw new CacheError(
        'LARDER_CONFIG',
        `${path}.${name} is not an option: there are ${[...BUILT].join(', ')}`,
      )
  }
  if (options.write !== undefined && options.write !== 'invalidate')
    throw enumerated(options.write, ['through', 'around'], `${path}.write`, `'invalidate'`)
  if (
    options.singleFlight !== undefined &&
    options.singleFlight !== 'process' &&
    options.singleFlight !== false
  )
    throw enumerated(options.singleFlight, ['cluster'], `${path}.singleFlight`, `'process' or false`)
}

/** The error for an option of the contract that does not exist yet. */
export function notBuilt(option: string): CacheError {
  return new CacheError(
    'LARDER_OPTION_NOT_BUILT',
    `${option} is not built yet in this version of Larder: leave it out (CAVEATS.md lists what is missing)`,
  )
}

function enumerated(value: string, later: readonly string[], option: string, now: string): CacheError {
  if (later.includes(value)) return notBuilt(`${option}: '${value}'`)
  return new CacheError('LARDER_CONFIG', `${option} is ${JSON.stringify(value)}: give ${now}`)
}

function lifetime(ttl: PolicyOptions['ttl'], path: string): number {
  if (ttl === undefined)
    throw new CacheError(
      'LARDER_CONFIG',
      `${path}.ttl is missing: every cached model needs a finite lifetime, such as ttl: '10m'`,
    )
  const found = milliseconds(ttl, `${path}.ttl`)
  if (found === 0)
    throw new CacheError(
      'LARDER_DURATION',
      `${path}.ttl is 0: give a lifetime above zero, or leave the model out to not cache it`,
    )
  return found
}

function fraction(value: unknown, option: string): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 1))
    throw new CacheError('LARDER_CONFIG', `${option} is ${String(value)}: give a number from 0 to 1`)
  return value
}

function strings(value: unknown, option: string): readonly string[] {
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string' && one !== ''))
    throw new CacheError(
      'LARDER_CONFIG',
      `${option} is ${JSON.stringify(value)}: give an array of non-empty strings`,
    )
  return value
}

/** Without the keys whose value is undefined: they must not hide a default. */
function defined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}
