import { CacheError } from '@larder/core'
import type { CallPolicy, CallPolicyOptions } from './policies.ts'

/** What Drizzle's `$withCache(…)` stores on a query. `$withCache(false)` is `{ enable: false }`. */
export interface WithCache {
  readonly enable: boolean
  readonly config?: Readonly<Record<string, unknown>>
  readonly tag?: string
  readonly autoInvalidate?: boolean
}

/**
 * The call policy that `$withCache(…)` stands for.
 * @throws CacheError for an option that Larder cannot honour, naming the replacement.
 */
export function policyOfWithCache({ enable, config, tag, autoInvalidate }: WithCache): CallPolicy {
  if (!enable) return false
  if (autoInvalidate === false)
    throw unsupported(
      'autoInvalidate: false',
      'leave it out: a write to its tables always invalidates a cached read. cached(db, { ttl }) bounds its lifetime',
    )
  const { ex, px, ...others } = config ?? {}
  const unknown = Object.keys(others).find((name) => others[name] !== undefined)
  if (unknown !== undefined)
    throw unsupported(`config.${unknown}`, 'set a lifetime: config: { ex: seconds } or { px: milliseconds }')
  const ttl = typeof px === 'number' ? px : typeof ex === 'number' ? ex * 1_000 : undefined
  const options: CallPolicyOptions = {
    byWithCache: true,
    ...(ttl !== undefined && { ttl }),
    ...(tag !== undefined && { tags: [tag] }),
  }
  return options
}

function unsupported(option: string, fix: string): CacheError {
  return new CacheError('LARDER_CONFIG', `$withCache({ ${option} }) is not supported: ${fix}`)
}
