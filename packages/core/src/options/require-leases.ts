import { CacheError } from '../base/errors.ts'
import type { Policy } from '../plan/policy.ts'
import type { Store } from '../store/store.ts'

/**
 * Refuses a policy that needs leases over a store that has none.
 * @param path where the user wrote it.
 * @throws CacheError `LARDER_CONFIG` with the fix.
 */
export function requireLeases(
  { leases }: Pick<Store, 'leases'>,
  singleFlight: Policy['singleFlight'] | undefined,
  path: string,
): void {
  if (singleFlight === 'cluster' && !leases)
    throw new CacheError(
      'LARDER_CONFIG',
      `${path}.singleFlight is 'cluster', and this store has no leases: use valkeyStore(…) or memoryStore(), give your Store the member leases, or leave singleFlight at 'process'`,
    )
}
