import { CacheError } from '@larder/core'
import type { Datamodel, DatamodelField, DatamodelModel } from './datamodel.ts'
import { bareName, type Relation, relationOf } from './relation.ts'

export type { ColumnPair, Relation } from './relation.ts'

/** Names of one client's models, fields, tables and columns, in both directions. */
export interface ModelMap {
  /** False without a datamodel: there are no keys, and `column` knows only what the client itself knows. */
  readonly keyed: boolean
  readonly names: readonly string[]
  has(model: string): boolean
  /** The datamodel's own description. Throws `LARDER_UNKNOWN_MODEL` naming the models there are. */
  model(model: string): DatamodelModel
  /** Name of the table as in the schema of tables: bare, lower case. Throws as `model` does. */
  table(model: string): string
  /** Model of a table; undefined for join tables and tables of other clients. */
  modelOf(table: string): string | undefined
  /** Scalar, enum or relation field; undefined where there is none. */
  fieldOf(model: string, field: string): DatamodelField | undefined
  /** Physical column of a scalar or enum field; undefined for relations and unknown fields. */
  column(model: string, field: string): string | undefined
  /** Field behind a physical column. */
  field(model: string, column: string): string | undefined
  /** The relation behind a relation field; undefined for scalars and unknown fields. */
  relation(model: string, field: string): Relation | undefined
  /** Every relation field of the model. */
  relations(model: string): readonly Relation[]
  /** Fields of a unique key by its name in `where`: a field, or a compound name such as `userId_groupId`. */
  unique(model: string, name: string): readonly string[] | undefined
  /** Value of an enum in the database (`@map`); the value itself where it has no other name. */
  enumValue(type: string, value: string): string
  /** Value of an enum in the client, from the database's; undefined where there is none. */
  enumName(type: string, databaseValue: string): string | undefined
}

/** Builds the map. `keyed` is false for a datamodel derived from a client at run time. */
export function modelMapOf(datamodel: Datamodel, keyed = true): ModelMap {
  const models = new Map(
    Object.entries(datamodel.models).map(([name, model]) => [name, indexed(datamodel, name, model, keyed)]),
  )
  const tables = new Map<string, string>()
  for (const [name, { table }] of models) if (!tables.has(table)) tables.set(table, name)
  const enums = new Map(
    Object.entries(datamodel.enums).map(([type, values]) => [type, new Map(Object.entries(values))]),
  )
  const names = [...models.keys()]
  const known = (name: string): IndexedModel => models.get(name) ?? unknownModel(name, names)
  return {
    keyed,
    names,
    has: (model) => models.has(model),
    model: (model) => known(model).model,
    table: (model) => known(model).table,
    modelOf: (table) => tables.get(table),
    fieldOf: (model, field) => known(model).fields.get(field),
    column: (model, field) => known(model).columns.get(field),
    field: (model, column) => known(model).byColumn.get(column),
    relation: (model, field) => known(model).relations.get(field),
    relations: (model) => [...known(model).relations.values()],
    unique: (model, name) => known(model).uniques.get(name),
    enumValue: (type, value) => enums.get(type)?.get(value) ?? value,
    enumName: (type, databaseValue) => {
      for (const [name, value] of enums.get(type) ?? []) if (value === databaseValue) return name
      return undefined
    },
  }
}

function unknownModel(name: string, names: readonly string[]): never {
  throw new CacheError(
    'LARDER_UNKNOWN_MODEL',
    `There is no model '${name}' in the datamodel. Its models: ${names.join(', ')}. If the schema changed, run \`prisma generate\`.`,
  )
}

interface IndexedModel {
  readonly model: DatamodelModel
  readonly table: string
  readonly fields: ReadonlyMap<string, DatamodelField>
  readonly columns: ReadonlyMap<string, string>
  readonly byColumn: ReadonlyMap<string, string>
  readonly relations: ReadonlyMap<string, Relation>
  readonly uniques: ReadonlyMap<string, readonly string[]>
}

function indexed(datamodel: Datamodel, name: string, model: DatamodelModel, keyed: boolean): IndexedModel {
  const fields = new Map(Object.entries(model.fields))
  const columns = new Map<string, string>()
  const byColumn = new Map<string, string>()
  const relations = new Map<string, Relation>()
  for (const [field, description] of fields) {
    if (description.kind === 'relation') {
      relations.set(field, relationOf(datamodel, name, field, description, keyed))
    } else {
      columns.set(field, description.column)
      byColumn.set(description.column, field)
    }
  }
  const uniques = new Map(model.uniques.map((unique) => [unique.name, unique.fields]))
  return { model, table: bareName(model.table), fields, columns, byColumn, relations, uniques }
}
