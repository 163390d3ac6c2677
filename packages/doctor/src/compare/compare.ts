import type { Schema, Table } from '@larder/core/host'
import type { Catalogue, CatalogueForeignKey, Relation } from '../catalogue.ts'
import type { Finding } from '../finding.ts'
import { compareForeignKeys } from './foreign-keys.ts'
import { compareKeys } from './keys.ts'
import { compareKind, comparePartition, compareView } from './kinds.ts'
import { type ComparedTable, compareTextKeys, type TextKeyUse } from './text-keys.ts'
import { compareWriters } from './writers.ts'

/** How a client uses its tables. */
export interface Use extends TextKeyUse {
  /** The client carries out the actions of foreign keys itself, so the database needs none (Prisma's `relationMode`). */
  readonly emulated?: boolean
}

/**
 * Compares the tables as a client knows them with those of the database. Pure. `examine` calls it, and sorts.
 * @param use how the client uses its tables. All of it is optional.
 * @returns findings, in no particular order.
 * @example
 * ```ts
 * import { compare, connectDatabase } from '@larder/doctor'
 * import { tablesOf } from '@larder/prisma'
 *
 * const connection = await connectDatabase(process.env.DATABASE_URL ?? '')
 * const findings = compare(tablesOf(datamodel), await connection.readCatalogue())
 * console.log(findings.filter(({ level }) => level === 'danger'))
 * await connection.close()
 * ```
 */
export function compare(schema: Schema, catalogue: Catalogue, use: Use = {}): readonly Finding[] {
  const relations =
    catalogue.dialect === 'postgres'
      ? catalogue.relations
      : catalogue.relations.map((relation) => withDeclaredSpelling(schema, relation))
  const named = byName(relations)
  const findings: Finding[] = []
  const schemas = new Set<string>()
  const compared: ComparedTable[] = []
  for (const table of schema.tables.values()) {
    const all = named.get(table.name.toLowerCase()) ?? []
    const meant = relationsOf(table, all)
    if (!meant.length) {
      findings.push({
        level: 'warning',
        code: 'table-missing',
        subject: table.name,
        message: 'is declared, but the database has no such table or view',
        fix: 'run the migrations, or generate the schema again',
      })
      continue
    }
    if (all.length > 1 && !namesSchema(table)) findings.push(sameName(table, all))
    for (const relation of meant) {
      schemas.add(relation.schema)
      compared.push([table, relation])
      findings.push(...compareKind(table, relation), ...compareView(schema, named, table, relation))
      findings.push(...compareWriters(schema, table, relation), ...compareKeys(table, relation))
      findings.push(...comparePartition(schema, table, relation))
    }
  }
  // Tables of the same name in schemas of other applications or stages are left out.
  const matching = relations.filter(
    (relation) =>
      compared.some(([, one]) => one === relation) ||
      (schemas.has(relation.schema) && !schema.tables.has(relation.name.toLowerCase())),
  )
  return [
    ...findings,
    ...compareTextKeys(compared, use),
    ...compareForeignKeys(schema, matching, use.emulated === true),
  ]
}

/** True for a table that is declared with the name of its database schema. */
function namesSchema({ schemas = [] }: Table): boolean {
  return schemas.some((schema) => schema !== undefined)
}

/** The relations of a declared table: one in each schema it is declared in, or else the first of its name. */
function relationsOf(table: Table, all: readonly Relation[]): readonly Relation[] {
  if (!namesSchema(table)) return all.slice(0, 1)
  const placed = all.filter(({ schema }) => table.schemas?.includes(schema))
  const first = all.find((relation) => !placed.includes(relation))
  return table.schemas?.includes(undefined) && first ? [...placed, first] : placed
}

function byName(relations: readonly Relation[]): ReadonlyMap<string, readonly Relation[]> {
  const named = new Map<string, Relation[]>()
  for (const relation of relations) {
    const name = relation.name.toLowerCase()
    named.set(name, [...(named.get(name) ?? []), relation])
  }
  return named
}

/** Most schemas that a finding lists. */
const MOST_SCHEMAS = 4

function sameName(table: Table, relations: readonly Relation[]): Finding {
  const schemas = relations.map(({ schema }) => schema)
  const more = schemas.length - MOST_SCHEMAS
  const shown = more > 0 ? [...schemas.slice(0, MOST_SCHEMAS), `${more} more`] : schemas
  return {
    level: 'note',
    code: 'same-name',
    subject: table.name,
    message: `exists in several schemas (${shown.join(', ')}), and the first was compared`,
    fix: 'make sure that the client uses the first: tags contain the name of the table without its schema',
  }
}

/** Spells columns as declared, for databases whose column names are case-insensitive. */
function withDeclaredSpelling(schema: Schema, relation: Relation): Relation {
  const of = (name: string): ((column: string) => string) => {
    const columns = schema.tables.get(name.toLowerCase())?.columns ?? []
    const spellings = new Map(columns.map((column) => [column.name.toLowerCase(), column.name]))
    return (column) => spellings.get(column.toLowerCase()) ?? column
  }
  const own = of(relation.name)
  return {
    ...relation,
    columns: relation.columns.map((column) => ({ ...column, name: own(column.name) })),
    uniques: relation.uniques.map((columns) => columns.map(own)),
    foreignKeys: relation.foreignKeys.map(
      (key): CatalogueForeignKey => ({
        ...key,
        columns: key.columns.map(own),
        references: key.references.map(of(key.table)),
      }),
    ),
  }
}
