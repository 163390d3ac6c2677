import { CacheError, type InvalidateRequest } from '@larder/core'
import type { ModelMap } from '../schema/model.ts'
import type { ModelInvalidateRequest, RowOfModel, RowOfTable } from './extension-types.ts'

const OPTIONS: readonly string[] = [
  'models',
  'tables',
  'rows',
  'tags',
  'all',
] satisfies (keyof ModelInvalidateRequest)[]

/**
 * A request for models and fields as one for tables and columns. What it passes on as it is, core checks.
 * @throws CacheError `LARDER_UNKNOWN_MODEL`, and `LARDER_CONFIG` for an option or a field that is not there.
 */
export function physicalRequest(models: ModelMap, request: ModelInvalidateRequest): InvalidateRequest {
  checkShape(request)
  const { models: names = [], rows = [], tables = [], ...rest } = request
  return {
    ...rest,
    tables: [...tables, ...names.map((name) => models.table(name))],
    rows: rows.map((row) => (isRowOfModel(row) ? rowOfTable(models, row) : row)),
  }
}

/** Whatever is not what the types ask for. */
function checkShape(request: unknown): void {
  const fix = `give { models: ['User'] }, { rows: [{ model: 'User', key: { id: 5 } }] }, { tables }, { tags } or { all: true }`
  if (typeof request !== 'object' || request === null)
    throw new CacheError('LARDER_CONFIG', `$cache.invalidate was given ${String(request)}: ${fix}`)
  for (const [name, value] of Object.entries(request)) {
    if (!OPTIONS.includes(name))
      throw new CacheError('LARDER_CONFIG', `$cache.invalidate has no option ${name}: ${fix}`)
    if (name !== 'all' && value !== undefined && !Array.isArray(value))
      throw new CacheError('LARDER_CONFIG', `$cache.invalidate was given ${name} that is no array: ${fix}`)
  }
}

function isRowOfModel(row: RowOfModel | RowOfTable | null): row is RowOfModel {
  return typeof row === 'object' && row !== null && 'model' in row
}

function rowOfTable(models: ModelMap, { model, key }: RowOfModel): RowOfTable {
  const columns = Object.entries(key ?? {}).map(([field, value]) => {
    const column = models.column(model, field)
    if (column !== undefined) return [column, value]
    throw new CacheError(
      'LARDER_CONFIG',
      `$cache.invalidate: ${model} has no column for '${field}': name all fields of one of its keys, such as ${example(models, model)}`,
    )
  })
  return { table: models.table(model), key: Object.fromEntries(columns) }
}

function example(models: ModelMap, model: string): string {
  const fields = models.model(model).uniques[0]?.fields ?? ['id']
  return `{ ${fields.map((field) => `${field}: …`).join(', ')} }`
}
