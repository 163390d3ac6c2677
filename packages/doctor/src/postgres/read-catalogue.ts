import type { Action } from '@larder/core'
import type { Catalogue, Relation, RelationKind } from '../catalogue.ts'
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

/** One statement's rows. */
export type Query = (sql: string) => Promise<readonly Row[]>
type Row = Readonly<Record<string, unknown>>

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

/** Reads what PostgreSQL's own tables say. Needs no right but to connect. */
export async function readCatalogue(query: Query): Promise<Catalogue> {
  const relations = await query(RELATIONS)
  const columns = byRelation(await query(COLUMNS))
  const uniques = byRelation(await query(UNIQUES))
  const foreignKeys = byRelation(await query(FOREIGN_KEYS))
  const triggers = byRelation(await query(TRIGGERS))
  const rules = byRelation(await query(RULES))
  const reads = byRelation(await query(READS))
  const settings = await query(SETTINGS)
  const [server] = await query(STANDBY)
  return {
    standby: server?.standby === true,
    settings: Object.fromEntries(settings.map(({ name, value }) => [String(name), String(value)])),
    relations: relations.map((row): Relation => {
      const of = (rows: ReadonlyMap<string, readonly Row[]>): readonly Row[] =>
        rows.get(String(row.oid)) ?? []
      return {
        schema: String(row.schema),
        name: String(row.name),
        kind: KINDS[String(row.kind)] ?? 'table',
        columns: of(columns).map(({ name, type, generated, wide, enumeration }) => ({
          name: String(name),
          type: String(type),
          generated: generated === true,
          nondeterministic: wide === true,
          isEnum: enumeration === true,
        })),
        uniques: of(uniques).map((index) => index.columns as readonly string[]),
        foreignKeys: of(foreignKeys).map((key) => ({
          name: String(key.name),
          columns: key.columns as readonly string[],
          table: String(key.target),
          references: key.targets as readonly string[],
          onDelete: ACTIONS[String(key.on_delete)] ?? 'cascade',
          onUpdate: ACTIONS[String(key.on_update)] ?? 'cascade',
        })),
        triggers: of(triggers).map(({ name, runs }) => ({ name: String(name), runs: String(runs) })),
        rules: of(rules).map(({ name }) => String(name)),
        parent: row.parent === null ? undefined : String(row.parent),
        reads: of(reads).map(({ name }) => String(name)),
        rowSecurity: row.secured === true,
        subscribed: row.subscribed === true,
      }
    }),
  }
}

function byRelation(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> {
  const found = new Map<string, Row[]>()
  for (const row of rows) {
    const oid = String(row.oid)
    found.set(oid, [...(found.get(oid) ?? []), row])
  }
  return found
}
