import { CacheError } from '../errors.ts'
import type { Guarded } from '../store/guard.ts'
import type { WriteTag } from '../tags/write-tags.ts'

/**
 * Why a write must not run after its marks were sent, or undefined. One mark that was not acknowledged is enough, of
 * whichever table: what is read under the policy of one may depend on the others.
 */
export function refusalOf(
  rejecting: ReadonlySet<string>,
  tags: readonly WriteTag[],
  answers: readonly Guarded<void>[],
): CacheError | undefined {
  const tables = tags.map(({ table }) => table).filter((table) => rejecting.has(table))
  const failed = answers.find(({ ok }) => !ok)
  if (!tables.length || !failed) return undefined
  return new CacheError(
    'LARDER_MARK_FAILED',
    `nothing was written: the store did not acknowledge the invalidation that must come first, and onMarkFailure is 'reject' for ${tables.join(', ')}. Try again when the store answers, or set onMarkFailure: 'proceed' to write without it`,
    'error' in failed ? { cause: failed.error } : {},
  )
}
