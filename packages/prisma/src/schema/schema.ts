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
 * The physical tables of a datamodel, with their keys and actions, as core's engine wants them.
 * Throws `LARDER_UNKNOWN_MODEL` for extras of a model there is not, `LARDER_UNKNOWN_TABLE` for a table in them that
 * there is not, and `LARDER_CONFIG` for a lookup key that names no fields of its model, or a
 * collation that is not known.
 */
export function schemaOf(datamodel: Datamodel, extras: Extras = {}, collation?: string): Schema {
  checkModels(datamodel, extras)
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
 * Two tables of one bare name (in two database schemas, or apart only in case) share their tags. Each is then known
 * only as a whole: a write of one cannot say which rows of the other a key would name.
 */
function merged(one: Table, other: Table): Table {
  const columns = new Map<string, Column>()
  for (const column of [...one.columns, ...other.columns])
    columns.set(column.name, { ...column, type: 'other' })
  const foreignKeys = [...one.foreignKeys, ...other.foreignKeys]
  const schemas = [...new Set([...(one.schemas ?? [undefined]), ...(other.schemas ?? [undefined])])]
  return {
    name: one.name,
    columns: [...columns.values()],
    keys: [],
    foreignKeys,
    touches: [],
    reads: [],
    ...((one.schemas || other.schemas) && { schemas }),
  }
}
