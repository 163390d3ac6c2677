import type { Table } from 'drizzle-orm'
import { columnsOf } from '../versions/names.ts'
import type { ChangePlan } from './statement.ts'
import type { Survey } from './survey.ts'

/** The columns a SET list gives, with the parameter that shows the new value; undefined for an expression. */
export function setsOf(
  survey: Survey,
  table: Table,
  set: Readonly<Record<string, unknown>>,
): NonNullable<ChangePlan['sets']> {
  const sets: Record<string, number | undefined> = {}
  for (const [key, column] of Object.entries(columnsOf(table))) {
    const value = set[key]
    // What `$onUpdateFn` gives is made while the SQL is built.
    if (value !== undefined || column.onUpdateFn !== undefined)
      sets[survey.names.column(column)] = survey.places(value)?.parameter
  }
  return sets
}
