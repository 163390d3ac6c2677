import { CacheError, type PolicyOptions } from '@larder/core'
import type { CallPolicy } from './policies.ts'

/** What `$withCache(…)` leaves on a query: `false` is `{ enable: false }`. */
export interface WithCache {
  readonly enable: boolean
  readonly config?: Readonly<Record<string, unknown>>
  readonly tag?: string
  readonly autoInvalidate?: boolean
}

/**
 * The policy that Drizzle's own per-query switch asks for. Undefined where it asks for nothing.
 * @throws CacheError for what cannot be honoured, naming what to use instead.
 */
export function policyOfWithCache(given: WithCache | undefined): CallPolicy | undefined {
  if (!given) return undefined
  if (!given.enable) return false
  if (given.autoInvalidate === false)
    throw refused(
      'autoInvalidate: false',
      `a cached read always ends with a write to its tables; cached(db, { ttl }) bounds its lifetime`,
    )
  const { ex, px, ...others } = given.config ?? {}
  const unknown = Object.keys(others).find((name) => others[name] !== undefined)
  if (unknown !== undefined)
    throw refused(`config.${unknown}`, 'give a lifetime: config: { ex: seconds } or { px: milliseconds }')
  const ttl = typeof px === 'number' ? px : typeof ex === 'number' ? ex * 1_000 : undefined
  const options: PolicyOptions = {
    ...(ttl !== undefined && { ttl }),
    ...(given.tag !== undefined && { tags: [given.tag] }),
  }
  return options
}

function refused(what: string, fix: string): CacheError {
  return new CacheError('LARDER_CONFIG', `$withCache({ ${what} }) cannot be honoured: ${fix}`)
}
