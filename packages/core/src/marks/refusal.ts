import { CacheError } from '../base/errors.ts'
import type { WriteTag } from '../tags/write-tags.ts'

/**
 * Why a write must not run, or a transaction commit, one of whose marks was not acknowledged; undefined: it may. One is
 * enough, of whichever table: what is read under the policy of one may depend on the others.
 * @param cause why it was not acknowledged; undefined: the store has not answered yet.
 */
export function refusalOf(
  rejecting: ReadonlySet<string>,
  tags: readonly WriteTag[],
  cause: unknown = new Error('the store does not answer'),
): CacheError | undefined {
  const tables = tags.map(({ table }) => table).filter((table) => rejecting.has(table))
  if (!tables.length) return undefined
  return new CacheError(
    'LARDER_MARK_FAILED',
    `nothing was written: the store did not acknowledge the invalidation that must come first, and onMarkFailure is 'reject' for ${tables.join(', ')}. Try again when the store answers, or set onMarkFailure: 'proceed' to write without it`,
    { cause },
  )
}
