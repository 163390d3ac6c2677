import {
  Column,
  is,
  isSQLWrapper,
  Name,
  Param,
  Placeholder,
  SQL,
  type SQLWrapper,
  StringChunk,
  Subquery,
  Table,
  View,
} from 'drizzle-orm'
import { kindsOf } from './parts.ts'
import type { Piece } from './piece.ts'
import { isEnum } from './table-config.ts'

const NOTHING: Piece = { kind: 'nothing' }

/**
 * What a chunk becomes when Drizzle builds the text, in the order of `SQL.buildQueryFromSourceParams`: whatever counts
 * a parameter there counts one here. `inline` is true where parameters are written into the text.
 */
export function pieceOf(chunk: unknown, inline: boolean): Piece {
  if (chunk === undefined) return NOTHING
  if (is(chunk, StringChunk)) return { kind: 'text', text: textOf(chunk) }
  if (is(chunk, Name)) return { kind: 'name', name: chunk.value }
  if (Array.isArray(chunk)) return { kind: 'list', items: chunk }
  if (is(chunk, SQL)) return sqlPiece(chunk)
  if (is(chunk, Table)) return { kind: 'table', table: chunk }
  if (is(chunk, Column)) return columnPiece(chunk)
  if (is(chunk, View)) return { kind: 'view', view: chunk }
  if (is(chunk, Param)) return paramPiece(chunk, inline)
  if (is(chunk, Placeholder)) return { kind: 'value', given: chunk }
  if (is(chunk, SQL.Aliased)) return { kind: 'name', name: chunk.fieldAlias }
  if (is(chunk, Subquery)) return subqueryPiece(chunk)
  if (isEnum(chunk)) return { kind: 'name', name: chunk.enumName }
  if (isRows(chunk)) return rowsPiece(chunk)
  if (isSQLWrapper(chunk)) return wrapperPiece(chunk)
  return inline ? NOTHING : { kind: 'value', given: chunk }
}

/** The text of a chunk: a list in 0.45, a string in 1.0. */
export function textOf(chunk: StringChunk): string {
  const value: unknown = chunk.value
  return Array.isArray(value) ? value.join('') : String(value ?? '')
}

/** VALUES of an INSERT as 1.0 keeps them: row by row, with a column for each place in a row. */
export interface Rows {
  readonly cells: readonly unknown[]
  readonly encoders: readonly Column[]
}

export function isRows(chunk: unknown): chunk is Rows {
  return kindsOf(chunk).includes('ValueRows')
}

/** As `ValueRows.getSQL` makes them: what is no SQL is bound by its column. */
function rowsPiece(rows: Rows): Piece {
  const { cells, encoders } = rows
  const items = cells.map((cell, at) =>
    is(cell, SQL) || is(cell, StringChunk) ? cell : new Param(cell, encoders[at % encoders.length] as Column),
  )
  return { kind: 'rows', given: rows, columns: encoders, items }
}

/** In a selection, 1.0 names a column by its alias. */
function columnPiece(column: Column): Piece {
  const { isAlias } = column as { isAlias?: boolean }
  return isAlias ? { kind: 'name', name: column.name } : { kind: 'column', column }
}

function wrapperPiece(wrapper: SQLWrapper): Piece {
  const { shouldOmitSQLParens } = wrapper as { shouldOmitSQLParens?: () => boolean }
  const sql = wrapper.getSQL()
  return shouldOmitSQLParens?.call(wrapper) ? sqlPiece(sql) : { kind: 'nested', given: wrapper, sql }
}

function sqlPiece(sql: SQL): Piece {
  // NOTE: `shouldInlineParams` is private.
  const { shouldInlineParams } = sql as unknown as { shouldInlineParams?: boolean }
  return { kind: 'sql', sql, items: sql.queryChunks, inline: shouldInlineParams === true }
}

function paramPiece(param: Param, inline: boolean): Piece {
  const { value, encoder } = param
  if (is(value, Placeholder)) return { kind: 'value', given: param }
  const mapped: unknown = value === null ? null : encoder.mapToDriverValue(value)
  if (is(mapped, SQL)) return sqlPiece(mapped)
  return inline ? NOTHING : { kind: 'value', given: param }
}

/** A CTE is named where it is used; its SQL stands in the WITH list. */
function subqueryPiece(subquery: Subquery): Piece {
  const { isWith, sql, alias } = subquery._
  return isWith ? { kind: 'name', name: alias } : { kind: 'nested', given: subquery, sql }
}
