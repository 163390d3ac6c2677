import type { Schema, Table } from '@larder/core/host'
import type { Catalogue, CatalogueForeignKey, Relation } from '../catalogue.ts'
import type { Finding } from '../finding.ts'
import { compareForeignKeys } from './foreign-keys.ts'
import { compareKeys } from './keys.ts'
import { compareKind, comparePartition, compareView } from './kinds.ts'
import { type ComparedTable, compareTextKeys, type TextKeyUse } from './text-keys.ts'
import { compareWriters } from './writers.ts'

/** What else is known of how a client uses its tables. */
export interface Use extends TextKeyUse {
  /** The client itself carries out the actions of foreign keys, so that none need be there (Prisma's relationMode). */
  readonly emulated?: boolean
}

/** Every difference between what a client was told of its tables and what the database says of them. Pure. */
export function compare(schema: Schema, catalogue: Catalogue, use: Use = {}): readonly Finding[] {
  const relations =
    catalogue.dialect === 'postgres'
      ? catalogue.relations
      : catalogue.relations.map((relation) => respelled(schema, relation))
  const named = byName(relations)
  const findings: Finding[] = []
  const schemas = new Set<string>()
  const compared: ComparedTable[] = []
  for (const table of schema.tables.values()) {
    const all = named.get(table.name.toLowerCase()) ?? []
    const meant = meantBy(table, all)
    if (!meant.length) {
      findings.push({
        level: 'warning',
        code: 'table-missing',
        subject: table.name,
        message: 'is declared, and the database has no such table or view',
        fix: 'run the migrations, or generate the schema anew',
      })
      continue
    }
    if (all.length > 1 && !isPlaced(table)) findings.push(sameName(table, all))
    for (const relation of meant) {
      schemas.add(relation.schema)
      compared.push([table, relation])
      findings.push(...compareKind(table, relation), ...compareView(schema, named, table, relation))
      findings.push(...compareWriters(schema, table, relation), ...compareKeys(table, relation))
      findings.push(...comparePartition(schema, table, relation))
    }
  }
  // Namesakes elsewhere, of another application or another stage, have foreign keys of their own.
  const own = relations.filter(
    (relation) =>
      compared.some(([, one]) => one === relation) ||
      (schemas.has(relation.schema) && !schema.tables.has(relation.name.toLowerCase())),
  )
  return [
    ...findings,
    ...compareTextKeys(compared, use),
    ...compareForeignKeys(schema, own, use.emulated === true),
  ]
}

/** True for a table that is declared in a database schema by its name. */
function isPlaced({ schemas = [] }: Table): boolean {
  return schemas.some((schema) => schema !== undefined)
}

/** The relations that a declared table stands for: in each schema it is declared in, else the first of its name. */
function meantBy(table: Table, all: readonly Relation[]): readonly Relation[] {
  if (!isPlaced(table)) return all.slice(0, 1)
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

/** Most other schemas that are named. */
const MOST_SCHEMAS = 4

function sameName(table: Table, relations: readonly Relation[]): Finding {
  const schemas = relations.map(({ schema }) => schema)
  const more = schemas.length - MOST_SCHEMAS
  const shown = more > 0 ? [...schemas.slice(0, MOST_SCHEMAS), `${more} more`] : schemas
  return {
    level: 'note',
    code: 'same-name',
    subject: table.name,
    message: `exists in several schemas: ${shown.join(', ')}; the first was compared`,
    fix: 'make sure that it is the one the client uses: tags are named after the table alone, without its schema',
  }
}

/** Where a column's name is one whatever its case, it goes by its declared spelling from here on. */
function respelled(schema: Schema, relation: Relation): Relation {
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
