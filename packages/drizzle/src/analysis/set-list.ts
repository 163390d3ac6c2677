import type { Table } from 'drizzle-orm'
import { columnsOf } from '../versions/names.ts'
import type { ColumnParameters } from './statement.ts'
import type { Survey } from './survey.ts'

/** The columns of a SET list. */
export function setListOf(
  survey: Survey,
  table: Table,
  set: Readonly<Record<string, unknown>>,
): ColumnParameters {
  const columns: Record<string, number | undefined> = {}
  for (const [field, column] of Object.entries(columnsOf(table))) {
    const value = set[field]
    // Values of `$onUpdateFn` are created while Drizzle builds the SQL.
    if (value !== undefined || column.onUpdateFn !== undefined)
      columns[survey.names.columnName(column)] = survey.nodeOf(value)?.parameter
  }
  return columns
}
