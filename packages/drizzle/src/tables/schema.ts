import { CacheError } from '@larder/core'
import type { Action, ColumnType, Table as CoreTable, ForeignKey, LookupKey, Schema } from '@larder/core/host'
import { type Column, is, type SQL, Table, View } from 'drizzle-orm'
import { type WrittenPolicies, writtenFor } from '../policy/policies.ts'
import { columnsOf, databaseSchema, physicalName, viewConfig } from '../versions/names.ts'
import { columnOf } from './column.ts'
import { constraintsOf } from './constraints.ts'
import { definitionOf, sourcesOf } from './view.ts'

/** Tables and views of a Drizzle schema by the names they are exported under. */
export type Entities = ReadonlyMap<string, Table | View>

/** Tables and views among what a schema module exports: enums and relations are left out. */
export function entitiesOf(schema: Readonly<Record<string, unknown>>): Entities {
  const found = new Map<string, Table | View>()
  for (const [name, value] of Object.entries(schema))
    if (is(value, Table) || is(value, View)) found.set(name, value)
  return found
}

/** Bare physical name of a table or view. */
export function nameOf(entity: Table | View): string {
  return is(entity, Table) ? physicalName(entity) : viewConfig(entity as View).originalName
}

/** What the schema is read with. */
export interface Reading {
  /** Physical name of a column, with the db's casing. */
  physical(column: Column): string
  /** True for SQL whose rows may change while the tables it reads do not. */
  changing(sql: SQL): boolean
  /** How text of MySQL is compared, where the user has named its collation. */
  readonly text?: ColumnType | undefined
}

/**
 * The physical tables of a Drizzle schema with their keys and actions, and what policies say of them (`lookupKeys`,
 * `touches`, `reads`).
 * @throws CacheError for a policy that names a column or table there is not.
 */
export function schemaOf(
  entities: Entities,
  { physical, changing, text }: Reading,
  written: WrittenPolicies,
): Schema {
  const tables = new Map<string, CoreTable>()
  const known = new Set([...entities.values()].map(nameOf))
  for (const [model, entity] of entities) {
    const extra = writtenFor(written, model) ?? {}
    const made = is(entity, Table)
      ? tableOf(model, entity, { physical, text }, extra.lookupKeys ?? [])
      : viewOf(entity as View, known, changing)
    const table = {
      ...made,
      schemas: [databaseSchema(entity)],
      touches: (extra.touches ?? []).map((name) => named(entities, model, 'touches', name)),
      reads: extra.reads?.map((name) => named(entities, model, 'reads', name)) ?? made.reads,
    }
    const key = table.name.toLowerCase()
    const same = tables.get(key)
    const both = same && entityChanged(same, table) ? merged(same, table) : table
    tables.set(key, { ...both, schemas: [...new Set([...(same?.schemas ?? []), ...table.schemas])] })
  }
  return { tables }
}

function tableOf(
  model: string,
  table: Table,
  { physical, text }: Pick<Reading, 'physical' | 'text'>,
  lookupKeys: readonly (readonly string[])[],
): CoreTable {
  const byKey = columnsOf(table)
  const names = (columns: readonly Column[]): readonly string[] => columns.map(physical)
  const { primary, uniques, foreignKeys } = constraintsOf(table)
  const keys: LookupKey[] = []
  const add = (kind: LookupKey['kind'], columns: readonly string[]): void => {
    if (columns.length) keys.push({ kind, columns })
  }
  add('primary', names(primary))
  for (const unique of uniques) if (!sameSet(unique, primary)) add('unique', names(unique))
  for (const key of foreignKeys) add('foreign', names(key.columns))
  for (const fields of lookupKeys)
    add(
      'named',
      fields.map((field) => columnNamed(model, byKey, field, physical)),
    )
  return {
    name: physicalName(table),
    columns: Object.values(byKey).map((column) => columnOf(column, physical(column), text)),
    keys: distinct(keys),
    foreignKeys: foreignKeys.map(
      (key): ForeignKey => ({
        columns: names(key.columns),
        table: physicalName(key.table),
        references: names(key.references),
        onDelete: actionOf(key.onDelete),
        onUpdate: actionOf(key.onUpdate),
      }),
    ),
    touches: [],
    reads: [],
  }
}

/**
 * A materialised view is a table that REFRESH writes: it reads nothing by itself. Of a view whose rows come and go with
 * the time of day it does not help to know the tables.
 */
function viewOf(view: View, known: ReadonlySet<string>, changing: Reading['changing']): CoreTable {
  const { originalName } = viewConfig(view)
  const definition = isMaterialized(view) ? undefined : definitionOf(view)
  const reads = definition && !changing(definition) ? (sourcesOf(definition, known) ?? []) : []
  return { name: originalName, columns: [], keys: [], foreignKeys: [], touches: [], reads }
}

export function isMaterialized(view: View): boolean {
  return Symbol.for('drizzle:PgMaterializedViewConfig') in view
}

function actionOf(action: string | undefined): Action {
  return (action?.replace(' ', '-') ?? 'no-action') as Action
}

function columnNamed(
  model: string,
  columns: Readonly<Record<string, Column>>,
  field: string,
  physical: (column: Column) => string,
): string {
  const column = Object.hasOwn(columns, field) ? columns[field] : undefined
  if (column) return physical(column)
  throw new CacheError(
    'LARDER_CONFIG',
    `tables.${model}.lookupKeys names ${JSON.stringify(field)}: the columns of ${model} are ${Object.keys(columns).join(', ')}`,
  )
}

function named(entities: Entities, model: string, option: string, name: string): string {
  const entity = entities.get(name)
  if (entity) return nameOf(entity)
  throw new CacheError(
    'LARDER_UNKNOWN_TABLE',
    `tables.${model}.${option} names ${JSON.stringify(name)}: the schema has ${[...entities.keys()].join(', ')}`,
  )
}

function sameSet(one: readonly Column[], other: readonly Column[]): boolean {
  return one.length === other.length && one.every((column) => other.some(({ name }) => name === column.name))
}

/** A foreign key that is unique too stays both; the same key twice is one. */
function distinct(keys: readonly LookupKey[]): readonly LookupKey[] {
  const seen = new Map(keys.map((key) => [`${key.kind} ${[...key.columns].sort().join()}`, key]))
  return [...seen.values()]
}

/** One table exported under two names is no second table. */
function entityChanged(one: CoreTable, other: CoreTable): boolean {
  const shape = (table: CoreTable): string => JSON.stringify({ ...table, schemas: undefined })
  return shape(one) !== shape(other)
}

/**
 * Two tables of one bare name (in two database schemas) share their tags: each is then known only as a whole, since a
 * write of one cannot say which rows of the other a key would name.
 */
function merged(one: CoreTable, other: CoreTable): CoreTable {
  const columns = [...one.columns, ...other.columns].map((column) => ({ ...column, type: 'other' as const }))
  return {
    ...one,
    columns: [...new Map(columns.map((column) => [column.name, column])).values()],
    keys: [],
    foreignKeys: [...one.foreignKeys, ...other.foreignKeys],
    touches: [...one.touches, ...other.touches],
    reads: [...one.reads, ...other.reads],
  }
}
