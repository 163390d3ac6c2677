import { scanSql, volatileValue } from '@larder/core/host'
import type { Statement } from '../analysis/statement.ts'
import { bypassingRead } from './bypass.ts'
import type { PlannedRead, ResultCodec, StatementCall } from './execution.ts'
import { fromEntry, toEntry } from './raw-results.ts'
import type { StatementDeps } from './statement-deps.ts'

/** Caches the results of raw SQL on asynchronous drivers. */
export const rawResultCodec: ResultCodec = { toEntry, fromEntry }

/**
 * A raw read whose caller has declared the tables that it reads. Undefined for any other raw SQL. It bypasses the cache
 * if anything in it could change without a write.
 */
export function planRawRead(deps: StatementDeps, call: StatementCall): PlannedRead | undefined {
  const { statement, parameters, callPolicy, inTransaction, rawCodec } = call
  const { raw, dialect } = deps
  const reads = callPolicy ? callPolicy.reads : undefined
  if (!callPolicy || !reads || inTransaction || raw.session.transaction || !isPureRead(deps, statement))
    return undefined
  const undeclared = reads.some(deps.isUndeclaredView)
  const volatile = dialect === 'postgres' && parameters.some(volatileValue)
  if (undeclared || volatile || raw.settings.altered || statement.opaque !== undefined || !rawCodec)
    return bypassingRead(statement, 'opaque')
  if (raw.changes.unparsed > 0) return bypassingRead(statement, 'dirty')
  const { plan } = bypassingRead(statement, undefined)
  // Tables that are objects in the template are read as well, declared or not.
  const tables = [...reads, ...statement.occurrences.map(({ table }) => table)]
  return {
    plan: {
      ...plan,
      policy: deps.policies.forRawSql(callPolicy),
      as: `raw ${statement.key}`,
      query: parameters,
      occurrences: tables.map((table) => ({ table })),
      unreachable: deps.unreachable,
    },
    codec: rawCodec,
  }
}

function isPureRead({ dialect }: StatementDeps, { text, declared }: Statement): boolean {
  const { kind, writes, locks } = scanSql(text, dialect)
  return kind === 'read' && !writes && !locks && !declared
}
