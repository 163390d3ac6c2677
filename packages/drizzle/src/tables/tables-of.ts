import { CacheError } from '@larder/core'
import { collatedText, type Schema, type SqlDialect } from '@larder/core/host'
import { checkTableNames, type PolicyOptionsByTable } from '../policy/policies.ts'
import type { TablePolicies } from '../policy/table-policies.ts'
import { type Casing, columnNamerFor } from '../versions/casing.ts'
import { entityKinds } from '../versions/parts.ts'
import { entitiesOf, physicalNames } from './entities.ts'
import { schemaOf } from './schema.ts'

const DIALECTS: Readonly<Record<string, SqlDialect>> = {
  PgTable: 'postgres',
  PgView: 'postgres',
  PgMaterializedView: 'postgres',
  MySqlTable: 'mysql',
  MySqlView: 'mysql',
  SQLiteTable: 'sqlite',
  SQLiteView: 'sqlite',
}

/** The tables of a Drizzle schema in the form the cache uses, and the SQL dialect they belong to. */
export interface DrizzleTables extends Schema {
  /** Undefined if no table or view belongs to a supported dialect. */
  readonly dialect: SqlDialect | undefined
}

/**
 * Returns the tables of a Drizzle schema in the form the cache uses, with what their policies declare. For tools such as
 * `larder doctor`; connects to nothing.
 * @param schema the exports of the schema module. Exports that are neither tables nor views are ignored.
 * @param tables policies, as passed to `drizzleCache`.
 * @param options `casing` as passed to `drizzle(…)`, `collation` as passed to `drizzleCache`.
 * @throws CacheError if the schema has no table, or for an unknown table, column, casing or collation.
 * @example
 * ```ts
 * import { tablesOf } from '@larder/drizzle'
 *
 * const { tables, dialect } = tablesOf(schema, { products: { ttl: '10m' } })
 * console.log(dialect, [...tables.keys()])
 * ```
 */
export function tablesOf<const S>(
  schema: S,
  tables?: TablePolicies<S>,
  { casing, collation }: { casing?: Casing | undefined; collation?: string | undefined } = {},
): DrizzleTables {
  const entities = entitiesOf(schema as Readonly<Record<string, unknown>>)
  if (!entities.size) throw new CacheError('LARDER_CONFIG', 'the schema exports no table and no view')
  const policies = (tables ?? {}) as PolicyOptionsByTable
  checkTableNames(physicalNames(entities), policies)
  const kinds = [...entities.values()].flatMap(entityKinds)
  const dialect = kinds.map((kind) => DIALECTS[kind]).find((known) => known !== undefined)
  const textType = collation === undefined ? undefined : collatedText(collation, 'collation')
  // Whether a view may be cached does not matter here, and finding out takes a dialect.
  const reading = { columnName: columnNamerFor(casing), isVolatile: () => false, textType }
  return { ...schemaOf(entities, reading, policies), dialect }
}
