import type { Column, ColumnType, ForeignKey, LookupKey, Table } from '@larder/core/host'
import type { Datamodel } from '../datamodel.ts'
import { bareName, columnOf, joinKey } from '../relation.ts'
import { columnType } from './column.ts'

/** Returns the implicit join tables of all many-to-many relations. @param text how texts are compared. */
export function joinTables(datamodel: Datamodel, text: ColumnType): Table[] {
  const tables = new Map<string, Table>()
  for (const [name, model] of Object.entries(datamodel.models)) {
    for (const field of Object.values(model.fields)) {
      if (field.kind !== 'relation' || field.join === undefined || tables.has(field.join.table)) continue
      const other = datamodel.models[field.model]
      if (other === undefined) continue
      const [a, b] = field.join.side === 'A' ? [name, field.model] : [field.model, name]
      tables.set(field.join.table, joinTable(datamodel, text, field.join.table, a, b))
    }
  }
  return [...tables.values()]
}

/** Prisma's table `_AToB`: two foreign keys with Cascade, which form its key together. */
function joinTable(datamodel: Datamodel, text: ColumnType, name: string, a: string, b: string): Table {
  const columns: Column[] = []
  const foreignKeys: ForeignKey[] = []
  for (const [column, target] of [
    ['A', a],
    ['B', b],
  ] as const) {
    const model = datamodel.models[target]
    if (model === undefined) continue
    const key = model.fields[joinKey(model)]
    const type = key === undefined || key.kind === 'relation' ? 'other' : columnType(key, text)
    columns.push({ name: column, type, nullable: false, hasDefault: false, generated: false })
    const references = [columnOf(model, joinKey(model))]
    foreignKeys.push({
      columns: [column],
      table: bareName(model.table),
      references,
      onDelete: 'cascade',
      onUpdate: 'cascade',
    })
  }
  // Since Prisma 6 this is a primary key on PostgreSQL, and a unique index elsewhere.
  const whole: LookupKey = {
    kind: datamodel.provider === 'postgresql' ? 'primary' : 'unique',
    columns: ['A', 'B'],
  }
  const keys: LookupKey[] = [whole, { kind: 'foreign', columns: ['A'] }, { kind: 'foreign', columns: ['B'] }]
  return { name: bareName(name), columns, keys, foreignKeys, touches: [], reads: [] }
}
