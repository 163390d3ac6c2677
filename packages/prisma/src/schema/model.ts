import { CacheError } from '@larder/core'
import type { Datamodel, DatamodelField, DatamodelModel } from './datamodel.ts'
import { bareName, type Relation, relationOf } from './relation.ts'

export type { ColumnPair, Relation } from './relation.ts'

/** Maps the names of a client's models and fields to those of tables and columns, and back. */
export interface ModelMap {
  /** False without a datamodel: no keys are known, and `column` knows only what the client knows. */
  readonly keyed: boolean
  /** True if the database compares JSON as text, so that the order of keys matters. */
  readonly jsonAsText: boolean
  readonly names: readonly string[]
  has(model: string): boolean
  /** Returns the datamodel's description of a model. @throws CacheError `LARDER_UNKNOWN_MODEL` with the names of all models. */
  model(model: string): DatamodelModel
  /** Returns the bare name of a model's table in lower case. @throws CacheError as `model` does. */
  table(model: string): string
  /** Returns the model of a table. Undefined for join tables and tables of other clients. */
  modelOf(table: string): string | undefined
  /** Returns a scalar, enum or relation field. Undefined: there is none. */
  fieldOf(model: string, field: string): DatamodelField | undefined
  /** Returns the physical column of a scalar or enum field. Undefined for relations and unknown fields. */
  column(model: string, field: string): string | undefined
  /** Returns the field of a physical column. */
  field(model: string, column: string): string | undefined
  /** Returns the relation of a relation field. Undefined for scalars and unknown fields. */
  relation(model: string, field: string): Relation | undefined
  /** Returns the relations of all relation fields of a model. */
  relations(model: string): readonly Relation[]
  /** Returns the fields of a unique key by its name in `where`: a field, or a compound name such as `userId_groupId`. */
  unique(model: string, name: string): readonly string[] | undefined
  /** Returns the value of an enum in the database, which `@map` may change. */
  enumValue(type: string, value: string): string
  /** Returns the value of an enum in the client for a value of the database. Undefined: there is none. */
  enumName(type: string, databaseValue: string): string | undefined
}

/** @param keyed false for a datamodel that was derived from a client at run time. */
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
  const modelNamed = (name: string): IndexedModel => models.get(name) ?? unknownModel(name, names)
  return {
    keyed,
    jsonAsText: datamodel.provider === 'sqlite',
    names,
    has: (model) => models.has(model),
    model: (model) => modelNamed(model).model,
    table: (model) => modelNamed(model).table,
    modelOf: (table) => tables.get(table),
    fieldOf: (model, field) => modelNamed(model).fields.get(field),
    column: (model, field) => modelNamed(model).columns.get(field),
    field: (model, column) => modelNamed(model).byColumn.get(column),
    relation: (model, field) => modelNamed(model).relations.get(field),
    relations: (model) => [...modelNamed(model).relations.values()],
    unique: (model, name) => modelNamed(model).uniques.get(name),
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
    `The datamodel has no model '${name}'. It has ${names.join(', ')}. If the schema has changed, run \`prisma generate\`.`,
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
