import type { BypassReason } from '@larder/core'
import type { ReadPlan, SqlScan } from '@larder/core/host'
import type { Statement } from '../analysis/statement.ts'
import type { PlannedRead } from './execution.ts'

/** The model of reads that have no main table in the schema. */
export const NO_MODEL = 'raw'

/**
 * A read that bypasses the cache. Without a `reason`, because it has no policy.
 * @param dependencies what the read depends on, if that is known: a computed value may depend on it.
 */
export function bypassingRead(
  statement: Statement,
  reason: BypassReason | undefined,
  dependencies?: ReadPlan<unknown>['dependencies'],
): PlannedRead {
  return {
    plan: {
      operation: statement.operation,
      model: statement.model ?? NO_MODEL,
      policy: undefined,
      ...(reason && { bypass: reason }),
      query: undefined,
      occurrences: [],
      ...(dependencies && { dependencies }),
      severalStatements: false,
    },
    codec: undefined,
  }
}

/** Raw SQL that only reads, and for which no call has declared what it reads. */
export function undeclaredRead(
  statement: Statement,
  { locks }: SqlScan,
  inTransaction: boolean,
): PlannedRead {
  return bypassingRead(statement, locks ? 'lock' : inTransaction ? 'transaction' : 'no-policy')
}
