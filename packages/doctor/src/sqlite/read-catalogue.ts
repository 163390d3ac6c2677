import type { Action, ColumnType } from '@larder/core/host'
import { type Catalogue, ORDINARY, type Relation, type RelationKind } from '../catalogue.ts'
import { gathered, grouped, type Query, type Row } from '../query.ts'
import { wideCollations } from './collations.ts'
import { COLUMNS, FOREIGN_KEYS, FOREIGN_KEYS_ON, RELATIONS, ROOTS, TRIGGERS, UNIQUES } from './queries.ts'

/** By affinity, as SQLite determines it: the first match counts. */
const AFFINITIES: readonly (readonly [RegExp, readonly ColumnType[]])[] = [
  [/INT/i, ['integer', 'boolean']],
  [/CHAR|CLOB|TEXT/i, ['text', 'enum']],
  // Without affinity, values keep their type, and only identical values are equal.
  [/^$|BLOB/i, ['integer', 'boolean', 'text', 'enum']],
  [/REAL|FLOA|DOUB/i, []],
  [/./, ['integer', 'boolean']],
]
/** Modules of virtual tables that store the rows that are written to them. */
const KEEPING = /\bUSING\s+["'`[]?(?:fts[345]|rtree|rtree_i32)\b/i

/** Reads SQLite's schema table and pragmas. @param driver the package that made the connection. */
export async function readSqlite(query: Query, driver: string): Promise<Catalogue> {
  const relations = await query(RELATIONS)
  const columns = grouped(await query(COLUMNS))
  const uniques = grouped(await query(UNIQUES))
  const foreignKeys = grouped(await query(FOREIGN_KEYS))
  const triggers = grouped(await query(TRIGGERS))
  const [pragma] = await query(FOREIGN_KEYS_ON)
  const roots = new Map((await query(ROOTS)).map((row) => [Number(row.rootpage), String(row.tbl_name)]))
  const names = relations.map(({ relation }) => String(relation))
  const keyOf = (table: string): readonly string[] => primaryKey(columns(named(names, table)))
  const reading = relations.map(async (row): Promise<Relation> => {
    const name = String(row.relation)
    const kind = kindOf(row)
    const wide = kind === 'table' ? wideCollations(String(row.sql)) : new Map<string, string>()
    const primary = keyOf(name)
    return {
      ...ORDINARY,
      schema: 'main',
      name,
      kind,
      columns: columns(name).map((column) => ({
        name: String(column.name),
        type: String(column.type),
        comparesAs: AFFINITIES.find(([pattern]) => pattern.test(String(column.type)))?.[1] ?? [],
        changes: Number(column.hidden) > 1 ? 'generated' : undefined,
        hasDefault: !/^null$/i.test(String(column.default_value)),
        wide: wide.get(String(column.name).toLowerCase()),
      })),
      // A primary key of one integer is the rowid and has no index.
      uniques: [...(primary.length ? [primary] : []), ...indexed(uniques(name))],
      foreignKeys: gathered(foreignKeys(name), 'id', (parts) => foreignKeyOf(parts, keyOf)),
      triggers: triggers(name).map((trigger) => ({
        name: String(trigger.name),
        does: eventOf(String(trigger.sql)),
      })),
      parent: row.kind === 'shadow' ? ownerOf(name, names) : undefined,
      reads: kind === 'view' ? await readBy(query, name, roots) : [],
    }
  })
  return {
    dialect: 'sqlite',
    settings: { foreign_keys: String(pragma?.foreign_keys), driver },
    standby: false,
    jobs: [],
    unseen: [],
    relations: await Promise.all(reading),
  }
}

function kindOf({ type, kind, sql }: Row): RelationKind {
  if (type === 'view') return 'view'
  return kind === 'virtual' && (!KEEPING.test(String(sql)) || /\bcontent\s*=/i.test(String(sql)))
    ? 'virtual'
    : 'table'
}

function primaryKey(columns: readonly Row[]): readonly string[] {
  const parts = columns.filter(({ pk }) => Number(pk) > 0).sort((a, b) => Number(a.pk) - Number(b.pk))
  return parts.map(({ name }) => String(name))
}

function indexed(rows: readonly Row[]): readonly (readonly string[])[] {
  return gathered(rows, 'name', (parts) => parts)
    .filter((parts) => parts.every(({ column_name }) => column_name !== null))
    .map((parts) => parts.map(({ column_name }) => String(column_name)))
}

function foreignKeyOf(parts: readonly Row[], keyOf: (table: string) => readonly string[]) {
  const [first] = parts
  const table = String(first?.target)
  const columns = parts.map(({ column_name }) => String(column_name))
  return {
    name: `the foreign key to ${table}`,
    columns,
    table,
    // A foreign key without columns references the primary key.
    references: parts.map(({ target_column }, at) =>
      target_column === null ? (keyOf(table)[at] ?? '') : String(target_column),
    ),
    onDelete: actionOf(first?.on_delete),
    onUpdate: actionOf(first?.on_update),
  }
}

function actionOf(rule: unknown): Action {
  return String(rule).toLowerCase().replace(' ', '-') as Action
}

/** When a trigger runs, for messages: `AFTER UPDATE`. */
function eventOf(sql: string): string {
  const match = /\b(?:(?:BEFORE|AFTER|INSTEAD\s+OF)\s+)?(?:INSERT|DELETE|UPDATE)(?=\s+(?:OF|ON)\b)/i.exec(sql)
  return (match?.[0] ?? 'of SQLite').toUpperCase().replace(/\s+/g, ' ')
}

/** The spelling of an existing table: names are case-insensitive. */
function named(names: readonly string[], table: string): string {
  return names.find((name) => name.toLowerCase() === table.toLowerCase()) ?? table
}

/** The virtual table that stores its rows in this one. */
function ownerOf(shadow: string, names: readonly string[]): string | undefined {
  return names.find((name) => shadow.startsWith(`${name}_`) && name !== shadow)
}

/** The tables that SQLite would open to read a view. Undefined if SQLite cannot tell (a function is missing). */
async function readBy(
  query: Query,
  view: string,
  roots: ReadonlyMap<number, string>,
): Promise<readonly string[] | undefined> {
  const steps = await query(`EXPLAIN SELECT * FROM "${view.replaceAll('"', '""')}"`).catch(() => undefined)
  if (!steps || steps.some(({ opcode }) => opcode === 'VOpen')) return undefined
  const opened = steps.filter(({ opcode }) => opcode === 'OpenRead')
  return [...new Set(opened.flatMap(({ p2 }) => roots.get(Number(p2)) ?? []))]
}
