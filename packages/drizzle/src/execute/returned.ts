import type { WritePlan, WriteThrough } from '@larder/core/host'
import type { Statement } from '../analysis/statement.ts'
import { returnedRows } from '../versions/driver-rows.ts'
import { throughOf } from '../write-through/written.ts'
import type { Execution, StatementRoom } from './execution.ts'

/** One execution of a write, as far as its result matters. */
export type Returning = Pick<Execution, 'statement' | 'fields' | 'shape' | 'call'> & {
  /** The driver gives the first row alone, whatever the statement wrote. */
  readonly first: boolean
}

/** What the engine is told of a write's result: the rows it touched, and how they are stored where their table asks for it. */
export function shownBy(
  room: StatementRoom,
  one: Returning,
): Pick<WritePlan<unknown>, 'returned' | 'through'> {
  const returned = returnedBy(room, one)
  const through = throughBy(room, one)
  return { ...(returned && { returned }), ...(through && { through }) }
}

/** One row per row given, in their order; where some were skipped, all rows stand for each. */
function returnedBy(
  room: StatementRoom,
  { statement, fields, shape, first }: Returning,
): WritePlan<unknown>['returned'] {
  const { ownChanges, changes } = statement
  if (!fields || shape !== 'rows' || !ownChanges || (first && !touchesOne(room, statement))) return undefined
  const { effect, table = '' } = changes[0] ?? {}
  return (result, index) => {
    const rows = index < ownChanges ? room.results.rows(result) : undefined
    if (!rows) return undefined
    const shown = returnedRows(rows, fields, table, room.physical)
    const own = shown[index]
    return effect === 'insert' && own && shown.length === ownChanges ? [own] : shown
  }
}

/** True if the statement touches one row at most: VALUES of one row, or a filter by a unique key. */
function touchesOne(room: StatementRoom, { changes, ownChanges }: Statement): boolean {
  const [first, second] = changes
  if (first?.effect === 'insert') return ownChanges === 1 && first.sets !== undefined
  if (first?.effect === 'upsert') return ownChanges === 2 && second?.sets !== undefined
  const before = first?.before ?? {}
  const pinned = (column: string): boolean => Object.hasOwn(before, column) && before[column]?.length === 1
  return room.uniques(first?.table ?? '').some((key) => key.every(pinned))
}

/** How a write's rows are stored, where its table asks for it. */
function throughBy(
  { rows, policies, results }: StatementRoom,
  one: Returning,
): WriteThrough<unknown> | undefined {
  const { statement, shape, call } = one
  // Asked of no other table: what a call says may be no whole policy for it.
  if (shape !== 'rows' || !rows.tableOf(statement.model)) return undefined
  return throughOf(rows, one, policies.of(statement.model ?? '', call), results.rows)
}
