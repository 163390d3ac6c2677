import type { Column, ColumnType, Schema, Table } from '@larder/core/host'
import type { Datamodel, DatamodelModel } from './datamodel.ts'
import { bareName } from './relation.ts'
import { columnOfField, textOf } from './tables/column.ts'
import { checkModels, declared, type Extras } from './tables/declared.ts'
import { foreignKeysOf } from './tables/foreign-keys.ts'
import { joinTables } from './tables/join-table.ts'
import { keysOf } from './tables/keys.ts'

export type { Extras } from './tables/declared.ts'

/**
 * Returns the physical tables of a datamodel, with their keys and actions.
 * @throws CacheError `LARDER_UNKNOWN_MODEL` for extras of an unknown model, `LARDER_UNKNOWN_TABLE` for an unknown table in them,
 * `LARDER_CONFIG` for a lookup key that names no fields of its model, or for an unknown collation.
 */
export function schemaOf(datamodel: Datamodel, extras: Extras = {}, collation?: string): Schema {
  checkModels(datamodel, Object.keys(extras))
  const text = textOf(datamodel.provider, collation)
  const tables = new Map<string, Table>()
  const all = Object.entries(datamodel.models).map(([name, model]) =>
    tableOf(datamodel, text, name, model, extras[name]?.lookupKeys ?? []),
  )
  for (const table of [...all, ...joinTables(datamodel, text)]) {
    const same = tables.get(table.name)
    tables.set(table.name, same === undefined ? table : merged(same, table))
  }
  return { tables: declared(tables, datamodel, extras) }
}

function tableOf(
  datamodel: Datamodel,
  text: ColumnType,
  name: string,
  model: DatamodelModel,
  named: readonly (readonly string[])[],
): Table {
  const columns: Column[] = []
  for (const field of Object.values(model.fields)) {
    if (field.kind !== 'relation') columns.push(columnOfField(field, text))
  }
  const foreignKeys = foreignKeysOf(datamodel, model)
  const keys = keysOf(name, model, foreignKeys, named)
  return {
    name: bareName(model.table),
    columns,
    keys,
    foreignKeys,
    touches: [],
    reads: [],
    ...(model.schema && { schemas: [model.schema] }),
  }
}

/**
 * Joins two tables with the same bare name (in two database schemas, or different only in case), which share their tags. The result
 * has no keys, because a write to one table cannot say which rows of the other one a key names.
 */
function merged(first: Table, second: Table): Table {
  const columns = new Map<string, Column>()
  for (const column of [...first.columns, ...second.columns])
    columns.set(column.name, { ...column, type: 'other' })
  const foreignKeys = [...first.foreignKeys, ...second.foreignKeys]
  const schemas = [...new Set([...(first.schemas ?? [undefined]), ...(second.schemas ?? [undefined])])]
  return {
    name: first.name,
    columns: [...columns.values()],
    keys: [],
    foreignKeys,
    touches: [],
    reads: [],
    ...((first.schemas || second.schemas) && { schemas }),
  }
}
