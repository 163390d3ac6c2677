import { CacheError } from '@larder/core'
import type { Action, ColumnType, Table as CoreTable, ForeignKey, LookupKey, Schema } from '@larder/core/host'
import { type Column, is, type SQL, Table, type View } from 'drizzle-orm'
import { optionsFor, type PolicyOptionsByTable } from '../policy/policies.ts'
import { columnsOf, databaseSchema, physicalName, viewConfig } from '../versions/names.ts'
import { columnOf } from './column.ts'
import { constraintsOf } from './constraints.ts'
import { type Entities, entityName, isMaterialized } from './entities.ts'
import { definitionOf, sourcesOf } from './view.ts'

/** What is needed to read a schema besides the schema itself. */
export interface SchemaReading {
  /** Physical name of a column, with the db's casing. */
  columnName(column: Column): string
  /** True for SQL whose result may change while its tables do not. */
  isVolatile(sql: SQL): boolean
  /** How MySQL compares its text columns, if the user has named a collation. */
  readonly textType?: ColumnType | undefined
}

/**
 * The physical tables of a Drizzle schema with their keys and referential actions, and with the `lookupKeys`, `touches`
 * and `reads` of their policies.
 * @throws CacheError for a policy that names an unknown column or table.
 */
export function schemaOf(entities: Entities, reading: SchemaReading, policies: PolicyOptionsByTable): Schema {
  const tables = new Map<string, CoreTable>()
  const names = new Set([...entities.values()].map(entityName))
  for (const [model, entity] of entities) {
    const policy = optionsFor(policies, model) ?? {}
    const declared = is(entity, Table)
      ? tableOf(model, entity, reading, policy.lookupKeys ?? [])
      : viewOf(entity as View, names, reading)
    const table = {
      ...declared,
      schemas: [databaseSchema(entity)],
      touches: (policy.touches ?? []).map((name) => tableNamed(entities, model, 'touches', name)),
      reads: policy.reads?.map((name) => tableNamed(entities, model, 'reads', name)) ?? declared.reads,
    }
    const key = table.name.toLowerCase()
    const namesake = tables.get(key)
    const combined = namesake && differ(namesake, table) ? merge(namesake, table) : table
    tables.set(key, {
      ...combined,
      schemas: [...new Set([...(namesake?.schemas ?? []), ...table.schemas])],
    })
  }
  return { tables }
}

function tableOf(
  model: string,
  table: Table,
  { columnName, textType }: SchemaReading,
  lookupKeys: readonly (readonly string[])[],
): CoreTable {
  const byField = columnsOf(table)
  const namesOf = (columns: readonly Column[]): readonly string[] => columns.map(columnName)
  const { primary, uniques, foreignKeys } = constraintsOf(table)
  const keys: LookupKey[] = []
  const add = (kind: LookupKey['kind'], columns: readonly string[]): void => {
    if (columns.length) keys.push({ kind, columns })
  }
  add('primary', namesOf(primary))
  for (const unique of uniques) if (!haveSameColumns(unique, primary)) add('unique', namesOf(unique))
  for (const key of foreignKeys) add('foreign', namesOf(key.columns))
  for (const fields of lookupKeys)
    add(
      'named',
      fields.map((field) => columnName(lookupColumn(model, byField, field))),
    )
  return {
    name: physicalName(table),
    columns: Object.values(byField).map((column) => columnOf(column, columnName(column), textType)),
    keys: distinct(keys),
    foreignKeys: foreignKeys.map(
      (key): ForeignKey => ({
        columns: namesOf(key.columns),
        table: physicalName(key.table),
        references: namesOf(key.references),
        onDelete: actionOf(key.onDelete),
        onUpdate: actionOf(key.onUpdate),
      }),
    ),
    touches: [],
    reads: [],
  }
}

/**
 * A materialised view is a table that REFRESH writes, so it reads nothing itself. A volatile view, such as one that
 * depends on the time of day, gets no sources: its rows may change without a write to them.
 */
function viewOf(view: View, names: ReadonlySet<string>, { isVolatile }: SchemaReading): CoreTable {
  const { originalName } = viewConfig(view)
  const definition = isMaterialized(view) ? undefined : definitionOf(view)
  const reads = definition && !isVolatile(definition) ? (sourcesOf(definition, names) ?? []) : []
  return { name: originalName, columns: [], keys: [], foreignKeys: [], touches: [], reads }
}

function actionOf(action: string | undefined): Action {
  return (action?.replace(' ', '-') ?? 'no-action') as Action
}

function lookupColumn(model: string, columns: Readonly<Record<string, Column>>, field: string): Column {
  const column = Object.hasOwn(columns, field) ? columns[field] : undefined
  if (column) return column
  throw new CacheError(
    'LARDER_CONFIG',
    `tables.${model}.lookupKeys names ${JSON.stringify(field)}: the columns of ${model} are ${Object.keys(columns).join(', ')}`,
  )
}

function tableNamed(entities: Entities, model: string, option: string, name: string): string {
  const entity = entities.get(name)
  if (entity) return entityName(entity)
  throw new CacheError(
    'LARDER_UNKNOWN_TABLE',
    `tables.${model}.${option} names ${JSON.stringify(name)}: the schema has ${[...entities.keys()].join(', ')}`,
  )
}

function haveSameColumns(columns: readonly Column[], others: readonly Column[]): boolean {
  return (
    columns.length === others.length &&
    columns.every((column) => others.some(({ name }) => name === column.name))
  )
}

/** Removes duplicate keys. A foreign key that is also unique counts as two. */
function distinct(keys: readonly LookupKey[]): readonly LookupKey[] {
  const bySignature = new Map(keys.map((key) => [`${key.kind} ${[...key.columns].sort().join()}`, key]))
  return [...bySignature.values()]
}

/** False for one table that is exported under two names. */
function differ(table: CoreTable, other: CoreTable): boolean {
  const textOf = (each: CoreTable): string => JSON.stringify({ ...each, schemas: undefined })
  return textOf(table) !== textOf(other)
}

/**
 * Two tables with one bare name, in two database schemas, share their tags. Their keys are dropped, because a write to
 * one cannot tell which rows of the other a key would identify.
 */
function merge(table: CoreTable, other: CoreTable): CoreTable {
  const columns = [...table.columns, ...other.columns].map((column) => ({
    ...column,
    type: 'other' as const,
  }))
  return {
    ...table,
    columns: [...new Map(columns.map((column) => [column.name, column])).values()],
    keys: [],
    foreignKeys: [...table.foreignKeys, ...other.foreignKeys],
    touches: [...table.touches, ...other.touches],
    reads: [...table.reads, ...other.reads],
  }
}
