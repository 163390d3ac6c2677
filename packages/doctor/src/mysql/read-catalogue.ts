import type { Action, ColumnType } from '@larder/core/host'
import {
  type Catalogue,
  type CatalogueColumn,
  ORDINARY,
  type Relation,
  type RelationKind,
} from '../catalogue.ts'
import { gathered, grouped, type Query, type Row } from '../query.ts'
import { changedColumns } from '../trigger-body.ts'
import { isBinary } from './collations.ts'
import {
  COLUMNS,
  EVENTS,
  FOREIGN_KEYS,
  RELATIONS,
  REPLICATION,
  RIGHTS,
  SETTINGS,
  TRIGGERS,
  UNIQUES,
  VIEWS,
} from './queries.ts'

const TYPES: readonly (readonly [RegExp, readonly ColumnType[]])[] = [
  [/int$/, ['integer', 'boolean']],
  [/^bit$/, ['boolean']],
  [/^uuid$/, ['uuid']],
  [/^(?:char|varchar|(?:tiny|medium|long)?text|enum)$/, ['text', 'ascii-text', 'enum']],
]
/** Engines whose rows are stored elsewhere. */
const ELSEWHERE = new Set(['FEDERATED', 'CONNECT', 'SPIDER', 'S3'])
/** What is visible only with a right. */
const SEEN_BY = { TRIGGER: 'triggers', EVENT: 'events', 'SHOW VIEW': 'what views read' } as const

/** Reads information_schema. What the user has no right to see is missing and listed in `unseen`. */
export async function readMysql(query: Query): Promise<Catalogue> {
  const relations = await query(RELATIONS)
  const columns = grouped(await query(COLUMNS))
  const uniques = grouped(await query(UNIQUES))
  const foreignKeys = grouped(await query(FOREIGN_KEYS))
  const triggers = grouped(await query(TRIGGERS))
  const views = grouped(await query(VIEWS))
  const events = await query(EVENTS)
  const rights = new Set((await query(RIGHTS)).map(({ name }) => String(name)))
  const settings = Object.fromEntries(
    (await query(SETTINGS)).map((row) => [String(row.Variable_name), String(row.Value)]),
  )
  return {
    dialect: 'mysql',
    settings,
    standby: readsOnly(settings) || (await replays(query)),
    jobs: settings.event_scheduler === 'ON' ? events.map(({ name }) => String(name)) : [],
    unseen: Object.entries(SEEN_BY).flatMap(([right, what]) => (rights.has(right) ? [] : [what])),
    relations: relations.map((row): Relation => {
      const id = String(row.relation)
      const engine = row.engine === null ? undefined : String(row.engine)
      const kind = kindOf(String(row.kind), engine)
      return {
        ...ORDINARY,
        schema: String(row.db),
        name: String(row.name),
        kind,
        untransactional: kind === 'table' && row.transactional !== 'YES' ? engine : undefined,
        columns: columns(id).map(columnOf),
        uniques: gathered(uniques(id), 'name', (parts) => parts)
          .filter((parts) => parts.every(({ column_name }) => column_name !== null))
          .map((parts) => parts.map(({ column_name }) => String(column_name))),
        foreignKeys: gathered(foreignKeys(id), 'name', (parts) => ({
          name: String(parts[0]?.name),
          columns: parts.map(({ column_name }) => String(column_name)),
          table: String(parts[0]?.target),
          references: parts.map(({ target_column }) => String(target_column)),
          onDelete: actionOf(parts[0]?.on_delete),
          onUpdate: actionOf(parts[0]?.on_update),
        })),
        triggers: triggers(id).map(({ name, does, body }) => {
          const changes = typeof body === 'string' ? changedColumns(body, 'mysql') : undefined
          return { name: String(name), does: String(does), ...(changes && { changes }) }
        }),
        reads: kind === 'view' ? readBy(String(views(id)[0]?.definition ?? ''), relations) : [],
      }
    }),
  }
}

function kindOf(type: string, engine: string | undefined): RelationKind {
  if (type === 'VIEW') return 'view'
  return engine !== undefined && ELSEWHERE.has(engine.toUpperCase()) ? 'foreign-table' : 'table'
}

function columnOf({ name, type, written, collation_name, default_value, extra }: Row): CatalogueColumn {
  const collation = collation_name === null ? undefined : String(collation_name)
  const generated = /\b(?:virtual|stored|persistent) generated\b/i.test(String(extra))
  return {
    name: String(name),
    type: String(written),
    comparesAs: TYPES.find(([pattern]) => pattern.test(String(type)))?.[1] ?? [],
    changes: generated ? 'generated' : /\bon update\b/i.test(String(extra)) ? 'on-update' : undefined,
    // MariaDB shows a missing default as the text NULL.
    hasDefault: (default_value ?? 'NULL') !== 'NULL' || /\bauto_increment\b/i.test(String(extra)),
    // Binary collations ignore at most trailing spaces.
    wide: collation !== undefined && !isBinary(collation) ? collation : undefined,
    collation,
  }
}

function actionOf(rule: unknown): Action {
  return String(rule).toLowerCase().replace(' ', '-') as Action
}

/** The server writes every name in a view's text as `db`.`table`. Undefined if it does not show the text. */
function readBy(definition: string, relations: readonly Row[]): readonly string[] | undefined {
  if (!definition) return undefined
  const text = definition.replace(/'(?:[^'\\]|\\.|'')*'/g, "''")
  const read = relations.filter(({ db, name }) => text.includes(`${quoted(db)}.${quoted(name)}`))
  return [...new Set(read.map(({ name }) => String(name)))]
}

function quoted(name: unknown): string {
  return `\`${String(name).replaceAll('`', '``')}\``
}

function readsOnly(settings: Catalogue['settings']): boolean {
  return ['read_only', 'super_read_only', 'innodb_read_only'].some((name) =>
    ['ON', '1'].includes(settings[name] ?? ''),
  )
}

/** True if a replication thread runs. False if the user may not ask; then only `read_only` decides. */
async function replays(query: Query): Promise<boolean> {
  for (const sql of REPLICATION) {
    const rows = await query(sql).catch(() => undefined)
    if (rows) return rows.some((row) => THREADS.some((name) => (row[name] ?? 'No') !== 'No'))
  }
  return false
}

const THREADS = ['Slave_IO_Running', 'Slave_SQL_Running', 'Replica_IO_Running', 'Replica_SQL_Running']
