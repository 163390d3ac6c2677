import { Column, is, Param, SQL, Table } from 'drizzle-orm'
import type { Node } from '../sql/tree.ts'
import type { DeleteConfig, InsertConfig, UpdateConfig } from '../versions/builder-config.ts'
import { columnsOf, nameInStatement, physicalName } from '../versions/names.ts'
import { factsOf } from './condition.ts'
import { onConflictOf } from './conflict.ts'
import { setsOf } from './sets.ts'
import type { ChangePlan, PinPlaces } from './statement.ts'
import type { Survey } from './survey.ts'

/** More rows than this are not worth telling apart. */
const MOST_ROWS = 1_000

/** What an INSERT does: one change per row, and before them what ON CONFLICT does to rows that were there. */
export function insertChanges(survey: Survey, config: InsertConfig): readonly ChangePlan[] {
  if (!is(config.table, Table)) return []
  const table = physicalName(config.table)
  // IGNORE cuts off long texts and clamps numbers: the rows may hold other values than were given.
  if (config.ignore) return [{ table, effect: 'insert' }]
  const rows = rowsOf(survey, config, config.table)
  const inserts: readonly ChangePlan[] =
    rows && rows.length <= MOST_ROWS
      ? rows.map((sets) => ({ table, effect: 'insert', sets }))
      : [{ table, effect: 'insert' }]
  const conflict = onConflictOf(survey, config.onConflict, config.table)
  if (conflict.kind === 'nothing') return inserts
  if (conflict.kind === 'unknown') return [{ table, effect: 'unknown' }]
  const before = conflict.target && rows && valuesIn(rows, conflict.target)
  const { sets } = conflict
  return [{ table, effect: 'upsert', ...(before && { before }), ...(sets && { sets }) }, ...inserts]
}

export function updateChange(survey: Survey, config: UpdateConfig): readonly ChangePlan[] {
  const { table, set, where, from, joins = [] } = config
  if (!is(table, Table)) return []
  const others = [from, ...joins.map((join) => join.table)]
  // A table of the same name in another database schema: whose columns are compared cannot be told by that name.
  const twice = others.some((one) => is(one, Table) && nameInStatement(one) === nameInStatement(table))
  const before = twice ? {} : pinsOfTarget(survey, table, where)
  return [{ table: physicalName(table), effect: 'update', before, sets: setsOf(survey, table, set) }]
}

export function deleteChange(survey: Survey, { table, where }: DeleteConfig): readonly ChangePlan[] {
  if (!is(table, Table)) return []
  return [{ table: physicalName(table), effect: 'delete', before: pinsOfTarget(survey, table, where) }]
}

function pinsOfTarget(survey: Survey, table: Table, where: unknown): PinPlaces {
  const pins: Record<string, readonly number[]> = {}
  const { equalities } = factsOf(survey.places(where), survey.names.column)
  for (const { source, column, parameters } of equalities)
    if (source === nameInStatement(table)) pins[column] ??= parameters
  return pins
}

/** Undefined for INSERT … SELECT: its rows are not to be seen. */
function rowsOf(
  survey: Survey,
  { values, select }: InsertConfig,
  table: Table,
): readonly NonNullable<ChangePlan['sets']>[] | undefined {
  if (select) return undefined
  const given = survey.places(values)
  if (given?.piece.kind === 'rows') return rowsAt(survey, given, given.piece.columns)
  if (!Array.isArray(values)) return undefined
  return values.map((row: Readonly<Record<string, unknown>>) => {
    const sets: Record<string, number | undefined> = {}
    for (const [key, column] of Object.entries(columnsOf(table))) {
      const value = row[key]
      const given = value !== undefined && !(is(value, Param) && value.value === undefined)
      const made = column.defaultFn !== undefined || column.onUpdateFn !== undefined
      if (given || made) sets[survey.names.column(column)] = given ? placed(survey, value) : undefined
    }
    return sets
  })
}

/** VALUES as 1.0 keeps them: a value for each column, or the word DEFAULT. */
function rowsAt(
  survey: Survey,
  { children }: Node,
  columns: readonly Column[],
): readonly NonNullable<ChangePlan['sets']>[] {
  return Array.from({ length: children.length / columns.length }, (_, row) => {
    const sets: Record<string, number | undefined> = {}
    for (const [at, column] of columns.entries()) {
      const cell = children[row * columns.length + at]
      if (cell?.piece.kind !== 'text') sets[survey.names.column(column)] = cell?.parameter
    }
    return sets
  })
}

function placed(survey: Survey, value: unknown): number | undefined {
  return is(value, SQL) || is(value, Column) ? undefined : survey.places(value)?.parameter
}

/** The values that all rows give to some columns; undefined where one of them is not to be seen. */
function valuesIn(
  rows: readonly NonNullable<ChangePlan['sets']>[],
  columns: readonly string[],
): PinPlaces | undefined {
  const pins: Record<string, readonly number[]> = {}
  for (const column of columns) {
    const indices = rows.map((row) => row[column])
    if (!indices.every((index) => index !== undefined)) return undefined
    pins[column] = indices
  }
  return pins
}
