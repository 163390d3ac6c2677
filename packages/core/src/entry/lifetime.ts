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

/** True for "not found" and empty results. */
export function isEmpty(result: unknown): boolean {
  return result === null || result === undefined || (Array.isArray(result) && result.length === 0)
}
