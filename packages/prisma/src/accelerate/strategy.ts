import { CacheError } from '@larder/core'
import type { CallOptions } from '../policy/policies.ts'

/** How one read is cached. Without `ttl` and `swr` it is not cached. */
export interface CacheStrategy {
  /** Seconds for which the result is served without a query. */
  readonly ttl?: number | undefined
  /**
   * Seconds after `ttl` in which the expired result is still served, while it is loaded again in the background. A result that a
   * write or a tag has invalidated is never served.
   */
  readonly swr?: number | undefined
  /** At most five tags for `$accelerate.invalidate`. Each has 1 to 64 letters, digits and underscores. */
  readonly tags?: readonly string[] | undefined
}

const OPTIONS: readonly string[] = ['ttl', 'swr', 'tags'] satisfies (keyof CacheStrategy)[]
const MOST_TAGS = 5
const TAG = /^\w{1,64}$/
/** Strategies that are remembered. Most programs have few, but a tag may hold an id. */
const MOST_STRATEGIES = 1_000
/** The shortest lifetime, in milliseconds, of an entry that is only ever served after it has expired. */
const SHORTEST = 1

/** Turns the `cacheStrategy` of a read into options of a call. */
export interface Strategies {
  /**
   * Returns one object for equal strategies, because policies are remembered by it. Undefined: the read is not cached.
   * @param call the options of `$cached`, which the strategy replaces.
   * @throws CacheError `LARDER_CONFIG` or `LARDER_DURATION` naming the option and its value.
   */
  of(strategy: unknown, call: CallOptions | undefined): CallOptions | undefined
}

export function createStrategies(): Strategies {
  const byCall = new WeakMap<CallOptions, Map<string, CallOptions>>()
  const none: CallOptions = {}
  return {
    of(strategy, call = none) {
      const { ttl = 0, swr = 0, tags } = checkedStrategy(strategy)
      if (ttl === 0 && swr === 0) return undefined
      const policies = byCall.get(call) ?? new Map<string, CallOptions>()
      byCall.set(call, policies)
      // No tag looks like the mark of a strategy without tags.
      const name = `${ttl} ${swr} ${tags ?? '-'}`
      const options = policies.get(name) ?? {
        ...call,
        ttl: Math.max(ttl * 1_000, SHORTEST),
        staleWhileRevalidate: swr * 1_000,
        ...(tags && { tags: [...tags] }),
      }
      if (policies.size >= MOST_STRATEGIES) policies.clear()
      policies.set(name, options)
      return options
    },
  }
}

function checkedStrategy(strategy: unknown): CacheStrategy {
  if (typeof strategy !== 'object' || strategy === null || Array.isArray(strategy))
    throw new CacheError(
      'LARDER_CONFIG',
      `cacheStrategy is ${JSON.stringify(strategy)}: give an object such as { ttl: 60, swr: 30, tags: ['users'] }`,
    )
  for (const name of Object.keys(strategy))
    if (!OPTIONS.includes(name))
      throw new CacheError(
        'LARDER_CONFIG',
        `cacheStrategy has no option ${name}: there are ${OPTIONS.join(', ')}`,
      )
  const { ttl, swr, tags } = strategy as CacheStrategy
  checkSeconds('ttl', ttl)
  checkSeconds('swr', swr)
  if (tags !== undefined) checkTags('cacheStrategy.tags', tags)
  return strategy
}

function checkSeconds(name: string, value: unknown): void {
  if (value === undefined || (typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY))
    return
  throw new CacheError(
    'LARDER_DURATION',
    `cacheStrategy.${name} is ${typeof value === 'number' ? value : JSON.stringify(value)}: give a number of seconds of at least 0`,
  )
}

/**
 * Refuses tags that Accelerate refuses.
 * @param path where the user wrote them.
 * @throws CacheError `LARDER_CONFIG`.
 */
export function checkTags(path: string, tags: unknown): asserts tags is readonly string[] {
  if (!Array.isArray(tags))
    throw new CacheError('LARDER_CONFIG', `${path} is ${JSON.stringify(tags)}: give an array of strings`)
  if (tags.length > MOST_TAGS)
    throw new CacheError('LARDER_CONFIG', `${path} has ${tags.length} tags: give at most ${MOST_TAGS}`)
  for (const tag of tags as unknown[])
    if (typeof tag !== 'string' || !TAG.test(tag))
      throw new CacheError(
        'LARDER_CONFIG',
        `${path} has ${JSON.stringify(tag)}: a tag has 1 to 64 letters, digits and underscores`,
      )
}
