import { Column, is, Param, SQL, Table } from 'drizzle-orm'
import type { SqlNode } from '../sql/tree.ts'
import type { DeleteConfig, InsertConfig, UpdateConfig } from '../versions/builder-config.ts'
import { columnsOf, nameInStatement, physicalName } from '../versions/names.ts'
import { factsOf } from './condition.ts'
import { onConflictOf } from './conflict.ts'
import { setListOf } from './set-list.ts'
import type { ChangePlan, ColumnParameters, PinParameters } from './statement.ts'
import type { Survey } from './survey.ts'

/** Inserts of more rows than this invalidate the table instead of single rows. */
const MAX_ROWS = 1_000

/** The changes of an INSERT: what ON CONFLICT does to existing rows, then one change per new row. */
export function insertChanges(survey: Survey, config: InsertConfig): readonly ChangePlan[] {
  if (!is(config.table, Table)) return []
  const table = physicalName(config.table)
  // IGNORE truncates texts and clamps numbers, so the rows may contain other values than the parameters.
  if (config.ignore) return [{ table, effect: 'insert' }]
  const rows = insertedRows(survey, config, config.table)
  const inserts: readonly ChangePlan[] =
    rows && rows.length <= MAX_ROWS
      ? rows.map((sets) => ({ table, effect: 'insert', sets }))
      : [{ table, effect: 'insert' }]
  const conflict = onConflictOf(survey, config.onConflict, config.table)
  if (conflict.kind === 'nothing') return inserts
  if (conflict.kind === 'unknown') return [{ table, effect: 'unknown' }]
  const before = conflict.target && rows && pinsOfRows(rows, conflict.target)
  const { sets } = conflict
  return [{ table, effect: 'upsert', ...(before && { before }), ...(sets && { sets }) }, ...inserts]
}

export function updateChange(survey: Survey, config: UpdateConfig): readonly ChangePlan[] {
  const { table, set, where, from, joins = [] } = config
  if (!is(table, Table)) return []
  const sources = [from, ...joins.map((join) => join.table)]
  // With a table of the same name, in another database schema, the owner of a compared column is unknown.
  const ambiguous = sources.some(
    (source) => is(source, Table) && nameInStatement(source) === nameInStatement(table),
  )
  const before = ambiguous ? {} : pinsOfTarget(survey, table, where)
  return [{ table: physicalName(table), effect: 'update', before, sets: setListOf(survey, table, set) }]
}

export function deleteChange(survey: Survey, { table, where }: DeleteConfig): readonly ChangePlan[] {
  if (!is(table, Table)) return []
  return [{ table: physicalName(table), effect: 'delete', before: pinsOfTarget(survey, table, where) }]
}

function pinsOfTarget(survey: Survey, table: Table, where: unknown): PinParameters {
  const pins: Record<string, readonly number[]> = {}
  const { equalities } = factsOf(survey.nodeOf(where), survey.names.columnName)
  for (const { source, column, parameters } of equalities)
    if (source === nameInStatement(table)) pins[column] ??= parameters
  return pins
}

/** Undefined for INSERT … SELECT, whose rows are unknown. */
function insertedRows(
  survey: Survey,
  { values, select }: InsertConfig,
  table: Table,
): readonly ColumnParameters[] | undefined {
  if (select) return undefined
  const node = survey.nodeOf(values)
  if (node?.piece.kind === 'rows') return rowsOfNode(survey, node, node.piece.columns)
  if (!Array.isArray(values)) return undefined
  return values.map((row: Readonly<Record<string, unknown>>) => {
    const sets: Record<string, number | undefined> = {}
    for (const [field, column] of Object.entries(columnsOf(table))) {
      const value = row[field]
      const isGiven = value !== undefined && !(is(value, Param) && value.value === undefined)
      const isGenerated = column.defaultFn !== undefined || column.onUpdateFn !== undefined
      if (isGiven || isGenerated)
        sets[survey.names.columnName(column)] = isGiven ? parameterOf(survey, value) : undefined
    }
    return sets
  })
}

/** VALUES in 1.0: a value for each column, or the word DEFAULT. */
function rowsOfNode(
  survey: Survey,
  { children }: SqlNode,
  columns: readonly Column[],
): readonly ColumnParameters[] {
  return Array.from({ length: children.length / columns.length }, (_, row) => {
    const sets: Record<string, number | undefined> = {}
    for (const [at, column] of columns.entries()) {
      const cell = children[row * columns.length + at]
      if (cell?.piece.kind !== 'text') sets[survey.names.columnName(column)] = cell?.parameter
    }
    return sets
  })
}

function parameterOf(survey: Survey, value: unknown): number | undefined {
  return is(value, SQL) || is(value, Column) ? undefined : survey.nodeOf(value)?.parameter
}

/** The values of some columns in all rows. Undefined if one of them is unknown. */
function pinsOfRows(
  rows: readonly ColumnParameters[],
  columns: readonly string[],
): PinParameters | undefined {
  const pins: Record<string, readonly number[]> = {}
  for (const column of columns) {
    const parameters = rows.map((row) => row[column])
    if (!parameters.every((parameter) => parameter !== undefined)) return undefined
    pins[column] = parameters
  }
  return pins
}
