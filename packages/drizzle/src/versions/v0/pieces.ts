import {
  Column,
  is,
  isSQLWrapper,
  Name,
  Param,
  Placeholder,
  SQL,
  StringChunk,
  Subquery,
  Table,
  View,
} from 'drizzle-orm'
import { isPgEnum } from 'drizzle-orm/pg-core'
import type { Piece } from '../piece.ts'

const NOTHING: Piece = { kind: 'nothing' }

/**
 * What a chunk becomes when Drizzle builds the text, in the order of `SQL.buildQueryFromSourceParams`: whatever counts
 * a parameter there counts one here. `inline` is true where parameters are written into the text.
 */
export function pieceOf(chunk: unknown, inline: boolean): Piece {
  if (chunk === undefined) return NOTHING
  if (is(chunk, StringChunk)) return { kind: 'text', text: chunk.value.join('') }
  if (is(chunk, Name)) return { kind: 'name', name: chunk.value }
  if (Array.isArray(chunk)) return { kind: 'list', items: chunk }
  if (is(chunk, SQL)) return sqlPiece(chunk)
  if (is(chunk, Table)) return { kind: 'table', table: chunk }
  if (is(chunk, Column)) return { kind: 'column', column: chunk }
  if (is(chunk, View)) return { kind: 'view', view: chunk }
  if (is(chunk, Param)) return paramPiece(chunk, inline)
  if (is(chunk, Placeholder)) return { kind: 'value', given: chunk }
  if (is(chunk, SQL.Aliased)) return { kind: 'name', name: chunk.fieldAlias }
  if (is(chunk, Subquery)) return subqueryPiece(chunk)
  if (isPgEnum(chunk)) return { kind: 'name', name: chunk.enumName }
  if (isSQLWrapper(chunk)) return { kind: 'nested', given: chunk, sql: chunk.getSQL() }
  return inline ? NOTHING : { kind: 'value', given: chunk }
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
