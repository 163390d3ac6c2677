import type { Policy } from '../plan/policy.ts'

/**
 * How long to store a result, in milliseconds, or undefined not to. `random` is uniform in [0, 1): a fraction of
 * the lifetime up to `jitter` is taken off, so that entries made together do not expire together.
 */
export function lifetimeOf(policy: Policy, empty: boolean, random: number): number | undefined {
  const full = empty ? policy.cacheEmpty : policy.ttl
  if (!full) return undefined
  return Math.max(1, full * (1 - policy.jitter * random))
}

/** How long an entry of this policy may be served after it has expired, in milliseconds. */
export function graceOf({
  staleWhileRevalidate,
  staleIfError,
}: Pick<Policy, 'staleWhileRevalidate' | 'staleIfError'>): number {
  return Math.max(staleWhileRevalidate, staleIfError)
}

/** More than any `-Math.log(1 - random)`: an entry with more time left than this many load times is not refreshed ahead. */
export const LONGEST_AHEAD = 37

/**
 * Whether to refresh an entry before it expires (XFetch): the more likely, the less time it has left and the longer its
 * load takes. `random` is uniform in [0, 1).
 * @param remaining milliseconds until it expires.
 * @param beta the policy's `refreshAhead`: twice the value, twice as early.
 */
export function refreshesAhead(remaining: number, loadTime: number, beta: number, random: number): boolean {
  return remaining < -Math.log(1 - random) * loadTime * beta
}

/** True for "not found" and empty results. */
export function isEmpty(result: unknown): boolean {
  return result === null || result === undefined || (Array.isArray(result) && result.length === 0)
}
