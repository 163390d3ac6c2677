import type { ColumnType, Table } from '@larder/core/host'
import type { CatalogueColumn, Relation } from '../catalogue.ts'
import type { Finding } from '../finding.ts'
import { isBinary, isKnown } from '../mysql/collations.ts'

/** What the client declares about its text columns, and which tables to leave out of findings about several tables. */
export interface TextKeyUse {
  /** MySQL and MariaDB: `collation` as given to `prismaCache` or `drizzleCache`. */
  readonly collation?: string | undefined
  /** Findings to leave out: `code`, or `code:table`. */
  readonly ignore?: readonly string[]
}

/** A declared table and the relation of the database that it stands for. */
export type ComparedTable = readonly [table: Table, relation: Relation]

interface TextKey {
  readonly table: string
  readonly column: string
  readonly collation: string
  readonly declared: ColumnType
}

/** True if two texts may be equal in the database that are different for the cache, by the declared type. */
export function foldsMore(declared: ColumnType, { wide, collation }: CatalogueColumn): boolean {
  if (wide === undefined) return false
  return declared === 'text' || (declared === 'ascii-text' && !isKnown(collation ?? wide))
}

/**
 * Compares the `collation` option with the columns of all text keys of MySQL and MariaDB, in one line for all tables.
 * A column that folds more than the option says is a danger of its table, and not reported here. Pure.
 */
export function compareTextKeys(tables: readonly ComparedTable[], use: TextKeyUse): readonly Finding[] {
  const keys = textKeysOf(tables)
  const undeclared = keys.filter(({ declared }) => declared === 'opaque-text')
  if (undeclared.length) return withoutOption(undeclared, use.ignore ?? [])
  return use.collation === undefined ? [] : otherName(keys, use.collation)
}

function textKeysOf(tables: readonly ComparedTable[]): readonly TextKey[] {
  return tables.flatMap(([table, relation]) => {
    const inKeys = new Set(table.keys.flatMap(({ columns }) => columns))
    return table.columns.flatMap(({ name, type }): readonly TextKey[] => {
      const collation = relation.columns.find((column) => column.name === name)?.collation
      const isText = type === 'opaque-text' || type === 'ascii-text' || type === 'text'
      if (collation === undefined || !isText || !inKeys.has(name)) return []
      return [{ table: table.name, column: name, collation, declared: type }]
    })
  })
}

/** Most columns that a line names. */
const MOST_NAMED = 5

/** The note that reads by text keys depend on whole tables, with the option that changes it. */
function withoutOption(keys: readonly TextKey[], ignore: readonly string[]): readonly Finding[] {
  const shown = keys.filter(({ table }) => !ignore.includes(`text-key:${table}`))
  const tables = [...new Set(shown.map(({ table }) => table))]
  const [first] = tables
  if (first === undefined) return []
  const isSingle = tables.length === 1
  const columns = shown
    .slice(0, MOST_NAMED)
    .map(({ table, column, collation }) => `${isSingle ? '' : `${table}.`}${column} (${collation})`)
  const more = shown.length - columns.length
  return [
    {
      level: 'note',
      code: 'text-key',
      subject: isSingle ? first : `${tables.length} tables`,
      message: `${isSingle ? 'has' : 'have'} text keys and no declared collation: reads by ${columns.join(', ')}${more > 0 ? ` and ${more} more` : ''} depend on the whole table, so every write of the table invalidates them`,
      fix: suggestion(keys),
    },
  ]
}

/** What to do so that reads by text keys depend only on their rows. */
function suggestion(keys: readonly TextKey[]): string {
  const unknown = keys.find(({ collation }) => !isBinary(collation) && !isKnown(collation))
  if (unknown)
    return `nothing is stale. For more hits, give ${unknown.table}.${unknown.column} a collation that Larder knows (docs/databases.md) instead of ${unknown.collation}, and declare it with the option collation`
  return `for more hits, give collation: '${nameFor(keys)}' to prismaCache or drizzleCache, and the same to this command as --collation`
}

/** The collation to declare: the most frequent one that folds, or the most frequent binary one if none folds. */
function nameFor(keys: readonly TextKey[]): string {
  const folding = keys.filter(({ collation }) => !isBinary(collation))
  const counts = new Map<string, number>()
  for (const { collation } of folding.length ? folding : keys)
    if (isKnown(collation)) counts.set(collation, (counts.get(collation) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? 'utf8mb4_bin'
}

/** The note that no column has the declared collation. If that can make reads stale, the column is reported instead. */
function otherName(keys: readonly TextKey[], declared: string): readonly Finding[] {
  const names = [...new Set(keys.map(({ collation }) => collation))]
  const isDeclared = (name: string): boolean => name.toLowerCase() === declared.toLowerCase()
  if (!keys.length || names.some(isDeclared) || !names.every((name) => isSafe(name, declared))) return []
  const better = nameFor(keys)
  if (isDeclared(better)) return []
  return [
    {
      level: 'note',
      code: 'collation-name',
      subject: 'collation',
      message: `is declared as ${declared}, and the text keys have ${names.join(', ')}: nothing is stale, because Larder compares these alike or the columns tell more texts apart`,
      fix: `give collation: '${better}'${names.every(isBinary) ? ', under which values of any characters name their rows' : ''}`,
    },
  ]
}

/** True if the cache, with the declared collation, treats at least as many texts as equal as the actual one does. */
function isSafe(actual: string, declared: string): boolean {
  return isBinary(actual) || (isKnown(actual) && !isBinary(declared))
}
