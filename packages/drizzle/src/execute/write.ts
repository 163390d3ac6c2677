import type { WritePlan, WriteThrough } from '@larder/core/host'
import { changesOf, type Statement } from '../analysis/statement.ts'
import { namedRows } from '../versions/driver-rows.ts'
import { writeThroughOf } from '../write-through/written-rows.ts'
import type { PlannedWrite, StatementCall } from './execution.ts'
import { statementFailed } from './outcome.ts'
import type { StatementDeps } from './statement-deps.ts'

/** Decides what a write that a builder produced invalidates and stores, for asynchronous and synchronous drivers. */
export function planWrite(deps: StatementDeps, call: StatementCall): PlannedWrite {
  const { statement, parameters, inTransaction } = call
  const session = deps.raw.session.transaction
  const { through, ...returned } = resultUse(deps, call)
  return {
    operation: statement.operation,
    // With declared writes it counts as raw SQL, which also invalidates what `write: 'around'` would keep.
    model: statement.declared ? undefined : statement.model,
    changes: session && !inTransaction ? deps.engine.everything() : changesOf(statement, parameters),
    ...returned,
    // A transaction that was begun by hand may be rolled back, so none of its rows is stored.
    ...(through && !session && { through }),
    failed: statementFailed,
  }
}

/** The part of a call that decides how the result of a write is used. */
export type ReturningCall = Pick<
  StatementCall,
  'statement' | 'fields' | 'shape' | 'callPolicy' | 'firstRowOnly'
>

/** What the engine learns from the result of a write: which rows it changed, and the rows to store. */
export function resultUse(
  deps: StatementDeps,
  call: ReturningCall,
): Pick<WritePlan<unknown>, 'returned' | 'through'> {
  const returned = returnedRows(deps, call)
  const through = rowsToStore(deps, call)
  return { ...(returned && { returned }), ...(through && { through }) }
}

/**
 * An INSERT returns one row per inserted row, in order. If it skipped some, any returned row may belong to any change, so
 * all of them stand for each.
 */
function returnedRows(
  deps: StatementDeps,
  { statement, fields, shape, firstRowOnly }: ReturningCall,
): WritePlan<unknown>['returned'] {
  const { ownChanges, changes } = statement
  if (!fields || shape !== 'rows' || !ownChanges) return undefined
  if (firstRowOnly && !changesOneRow(deps, statement)) return undefined
  const { effect, table = '' } = changes[0] ?? {}
  return (result, index) => {
    const rows = index < ownChanges ? deps.results.rows(result) : undefined
    if (!rows) return undefined
    const returned = namedRows(rows, fields, table, deps.columnName)
    const row = returned[index]
    return effect === 'insert' && row && returned.length === ownChanges ? [row] : returned
  }
}

/** True if the statement changes at most one row: VALUES of one row, or a filter by a unique key. */
function changesOneRow(deps: StatementDeps, { changes, ownChanges }: Statement): boolean {
  const [first, second] = changes
  if (first?.effect === 'insert') return ownChanges === 1 && first.sets !== undefined
  if (first?.effect === 'upsert') return ownChanges === 2 && second?.sets !== undefined
  const before = first?.before ?? {}
  const isPinned = (column: string): boolean => Object.hasOwn(before, column) && before[column]?.length === 1
  return deps.uniqueKeysOf(first?.table ?? '').some((key) => key.every(isPinned))
}

/** How the written rows are stored. Undefined for a table without `write: 'through'`. */
function rowsToStore(
  { rowReads, policies, results }: StatementDeps,
  call: ReturningCall,
): WriteThrough<unknown> | undefined {
  const { statement, shape, callPolicy } = call
  // For another table the options of the call may not be a complete policy, so they are not merged.
  if (shape !== 'rows' || !rowReads.tableOf(statement.model)) return undefined
  return writeThroughOf(rowReads, call, policies.forTable(statement.model ?? '', callPolicy), results.rows)
}
