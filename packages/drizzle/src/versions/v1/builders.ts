import { Column, is, SQL } from 'drizzle-orm'
import type { InsertConfig, SelectConfig } from '../builder-config.ts'
import type { Builders } from '../override-dialect.ts'
import { isRows } from '../pieces.ts'
import { shapeOf } from './shape.ts'

/** What each method of a 1.0 dialect builds. */
export const builders: Builders = {
  buildSelectQuery: ([config]) => ({ kind: 'select', config: selectOf(config as SelectConfig1) }),
  buildInsertQuery: ([config], made) => ({ kind: 'insert', config: insertOf(config as InsertConfig, made) }),
  buildUpdateQuery: ([config]) => ({ kind: 'update', config: config as never }),
  buildDeleteQuery: ([config]) => ({ kind: 'delete', config: config as never }),
  buildUpdateSet: ([, set]) => ({ kind: 'set', set: set as never }),
  buildRefreshMaterializedViewQuery: ([config]) => ({
    kind: 'refresh',
    view: (config as { view: unknown }).view,
  }),
  buildRelationalQuery: (_, __, ___, made) => ({ kind: 'relations', shape: () => shapeOf(made) }),
}

interface SelectConfig1 extends SelectConfig {
  readonly useSelectionCastCodecs?: boolean
}

/** `fieldsFlat` is always there in 1.0; in 0.45 only where the selection is no plain one. */
function selectOf(config: SelectConfig1): SelectConfig {
  const { fieldsFlat, setOperators, useSelectionCastCodecs, ...others } = config
  const plain = fieldsFlat?.every(({ field }) => is(field, Column)) === true
  return {
    ...others,
    setOperators,
    ...(!plain && fieldsFlat && { fieldsFlat }),
    // A union as a statement of its own is put into a SELECT that casts its columns.
    ...(useSelectionCastCodecs && setOperators.length && { wrapped: true }),
  }
}

/** The rows are values as they were given; what becomes of them stands in the SQL alone. */
function insertOf(config: InsertConfig, made: SQL): InsertConfig {
  return { ...config, values: config.select ? config.values : rowsIn(made) }
}

function rowsIn(sql: SQL, depth = 0): unknown {
  for (const chunk of sql.queryChunks) {
    if (isRows(chunk)) return chunk
    if (depth > 2 || !is(chunk, SQL)) continue
    const found = rowsIn(chunk, depth + 1)
    if (found) return found
  }
  return undefined
}
