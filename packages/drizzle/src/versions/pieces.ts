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
import { entityKinds } from './parts.ts'
import type { Piece } from './piece.ts'
import { isEnum } from './table-config.ts'

const NOTHING: Piece = { kind: 'nothing' }

/**
 * What a chunk becomes when Drizzle builds the text. Follows `SQL.buildQueryFromSourceParams`: whatever counts as a
 * parameter there counts as one here.
 * @param inline whether parameters are written into the text.
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
  if (is(chunk, Placeholder)) return { kind: 'value', chunk }
  if (is(chunk, SQL.Aliased)) return { kind: 'name', name: chunk.fieldAlias }
  if (is(chunk, Subquery)) return subqueryPiece(chunk)
  if (isEnum(chunk)) return { kind: 'name', name: chunk.enumName }
  if (isValueRows(chunk)) return rowsPiece(chunk)
  if (isSQLWrapper(chunk)) return wrapperPiece(chunk)
  return inline ? NOTHING : { kind: 'value', chunk }
}

/** The text of a chunk, which is a list in 0.45 and a string in 1.0. */
export function textOf(chunk: StringChunk): string {
  const value: unknown = chunk.value
  return Array.isArray(value) ? value.join('') : String(value ?? '')
}

/** VALUES of an INSERT in 1.0: row by row, with one column per position in a row. */
export interface ValueRows {
  readonly cells: readonly unknown[]
  readonly encoders: readonly Column[]
}

export function isValueRows(chunk: unknown): chunk is ValueRows {
  return entityKinds(chunk).includes('ValueRows')
}

/** Follows `ValueRows.getSQL`: what is not SQL is bound through its column. */
function rowsPiece(rows: ValueRows): Piece {
  const { cells, encoders } = rows
  const items = cells.map((cell, at) =>
    is(cell, SQL) || is(cell, StringChunk) ? cell : new Param(cell, encoders[at % encoders.length] as Column),
  )
  return { kind: 'rows', chunk: rows, columns: encoders, items }
}

/** In a selection, 1.0 refers to a column by its alias. */
function columnPiece(column: Column): Piece {
  const { isAlias } = column as { isAlias?: boolean }
  return isAlias ? { kind: 'name', name: column.name } : { kind: 'column', column }
}

function wrapperPiece(wrapper: SQLWrapper): Piece {
  const { shouldOmitSQLParens } = wrapper as { shouldOmitSQLParens?: () => boolean }
  const sql = wrapper.getSQL()
  return shouldOmitSQLParens?.call(wrapper) ? sqlPiece(sql) : { kind: 'nested', chunk: wrapper, sql }
}

function sqlPiece(sql: SQL): Piece {
  // NOTE: `shouldInlineParams` is private.
  const { shouldInlineParams } = sql as unknown as { shouldInlineParams?: boolean }
  return { kind: 'sql', sql, items: sql.queryChunks, inline: shouldInlineParams === true }
}

function paramPiece(param: Param, inline: boolean): Piece {
  const { value, encoder } = param
  if (is(value, Placeholder)) return { kind: 'value', chunk: param }
  const mapped: unknown = value === null ? null : encoder.mapToDriverValue(value)
  if (is(mapped, SQL)) return sqlPiece(mapped)
  return inline ? NOTHING : { kind: 'value', chunk: param }
}

/** A CTE is referred to by its name. Its SQL is in the WITH list. */
function subqueryPiece(subquery: Subquery): Piece {
  const { isWith, sql, alias } = subquery._
  return isWith ? { kind: 'name', name: alias } : { kind: 'nested', chunk: subquery, sql }
}
