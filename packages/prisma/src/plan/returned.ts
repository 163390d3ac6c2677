import { type ReturnedRow, UNKNOWN } from '@larder/core/host'
import type { ModelMap } from '../schema/model.ts'
import { literalOf } from './argument.ts'

/** Returns the columns of a returned row. Columns that `select` or `omit` left out are unknown. Undefined: it is no row. */
export function rowOf(models: ModelMap, model: string, row: unknown): ReturnedRow | undefined {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return undefined
  const shown: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(row)) {
    const field = models.fieldOf(model, name)
    if (!field || field.kind === 'relation') continue
    const literal = literalOf(models, field, value)
    if (literal !== UNKNOWN) shown[field.column] = literal
  }
  return shown
}

/** Returns all rows of a list. Undefined if one of its items is no row. */
export function rowsOf(models: ModelMap, model: string, rows: unknown): readonly ReturnedRow[] | undefined {
  if (!Array.isArray(rows)) return undefined
  const shown: ReturnedRow[] = []
  for (const row of rows) {
    const columns = rowOf(models, model, row)
    if (!columns) return undefined
    shown.push(columns)
  }
  return shown
}
