import type { Action, ColumnType } from '@larder/core/host'
import { type Catalogue, ORDINARY, type Relation, type RelationKind } from '../catalogue.ts'
import { grouped, type Query } from '../query.ts'
import { changedColumns } from '../trigger-body.ts'
import {
  COLUMNS,
  FOREIGN_KEYS,
  READS,
  RELATIONS,
  RULES,
  SETTINGS,
  STANDBY,
  TRIGGERS,
  UNIQUES,
} from './queries.ts'

const KINDS: Readonly<Record<string, RelationKind>> = {
  r: 'table',
  p: 'partitioned',
  v: 'view',
  m: 'materialized-view',
  f: 'foreign-table',
}
const ACTIONS: Readonly<Record<string, Action>> = {
  a: 'no-action',
  r: 'restrict',
  c: 'cascade',
  n: 'set-null',
  d: 'set-default',
}
const TYPES: readonly (readonly [RegExp, readonly ColumnType[]])[] = [
  [/^(?:smallint|integer|bigint|oid)$/, ['integer']],
  [/^uuid$/, ['uuid']],
  [/^boolean$/, ['boolean']],
  [/^(?:text|citext|name|character varying|character|bpchar|"char")$/, ['text', 'enum']],
]

/** Reads PostgreSQL's system catalogue. Needs no right but to connect. */
export async function readPostgres(query: Query): Promise<Catalogue> {
  const relations = await query(RELATIONS)
  const columns = grouped(await query(COLUMNS))
  const uniques = grouped(await query(UNIQUES))
  const foreignKeys = grouped(await query(FOREIGN_KEYS))
  const triggers = grouped(await query(TRIGGERS))
  const rules = grouped(await query(RULES))
  const reads = grouped(await query(READS))
  const settings = await query(SETTINGS)
  const [server] = await query(STANDBY)
  return {
    dialect: 'postgres',
    standby: server?.standby === true,
    settings: Object.fromEntries(settings.map(({ name, value }) => [String(name), String(value)])),
    jobs: [],
    unseen: [],
    relations: relations.map((row): Relation => {
      const id = String(row.relation)
      return {
        ...ORDINARY,
        schema: String(row.schema),
        name: String(row.name),
        kind: KINDS[String(row.kind)] ?? 'table',
        columns: columns(id).map(({ name, type, generated, wide, enumeration, filled }) => ({
          name: String(name),
          type: String(type),
          comparesAs: enumeration === true ? ['enum'] : comparesAs(String(type)),
          changes: generated === true ? 'generated' : undefined,
          hasDefault: filled === true,
          wide: wide === null ? undefined : String(wide),
        })),
        uniques: uniques(id).map((index) => index.columns as readonly string[]),
        foreignKeys: foreignKeys(id).map((key) => ({
          name: String(key.name),
          columns: key.columns as readonly string[],
          table: String(key.target),
          references: key.targets as readonly string[],
          onDelete: ACTIONS[String(key.on_delete)] ?? 'cascade',
          onUpdate: ACTIONS[String(key.on_update)] ?? 'cascade',
        })),
        triggers: triggers(id).map(({ name, runs, body }) => {
          const changes = typeof body === 'string' ? changedColumns(body) : undefined
          return { name: String(name), does: `runs ${runs}`, ...(changes && { changes }) }
        }),
        rules: rules(id).map(({ name }) => String(name)),
        parent: row.parent === null ? undefined : String(row.parent),
        reads: reads(id).map(({ name }) => String(name)),
        rowSecurity: row.secured === true,
        subscribed: row.subscribed === true,
      }
    }),
  }
}

function comparesAs(type: string): readonly ColumnType[] {
  return TYPES.find(([pattern]) => pattern.test(type))?.[1] ?? []
}
