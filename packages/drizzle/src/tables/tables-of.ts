import { CacheError } from '@larder/core'
import { collatedText, type Schema, type SqlDialect } from '@larder/core/host'
import type { TablePolicies } from '../policy/db-types.ts'
import { checkNames, type WrittenPolicies } from '../policy/policies.ts'
import { type Casing, columnNamesBy } from '../versions/casing.ts'
import { kindsOf } from '../versions/parts.ts'
import { entitiesOf, schemaOf } from './schema.ts'

const DIALECTS: Readonly<Record<string, SqlDialect>> = {
  PgTable: 'postgres',
  PgView: 'postgres',
  PgMaterializedView: 'postgres',
  MySqlTable: 'mysql',
  MySqlView: 'mysql',
  SQLiteTable: 'sqlite',
  SQLiteView: 'sqlite',
}

/** Tables as the cache knows them, and of which databases they are. */
export interface DrizzleTables extends Schema {
  /** Undefined where no table or view is of a dialect known here. */
  readonly dialect: SqlDialect | undefined
}

/**
 * The tables of a Drizzle schema as the cache knows them, with what the policies declare of them; for tools such as
 * `larder doctor`.
 * @param schema what the schema module exports; all that is no table or view is left out.
 * @param tables policies as given to `drizzleCache`.
 * @param options `casing` as given to `drizzle(…)`, `collation` as given to `drizzleCache`.
 * @throws CacheError where there is no table, or for a table, a column, a casing or a collation there is not.
 */
export function tablesOf<const S>(
  schema: S,
  tables?: TablePolicies<S>,
  { casing, collation }: { casing?: Casing | undefined; collation?: string | undefined } = {},
): DrizzleTables {
  const entities = entitiesOf(schema as Readonly<Record<string, unknown>>)
  if (!entities.size) throw new CacheError('LARDER_CONFIG', 'the schema exports no table and no view')
  const written = (tables ?? {}) as WrittenPolicies
  checkNames([...entities.keys()], written)
  const kinds = [...entities.values()].flatMap(kindsOf)
  const dialect = kinds.map((kind) => DIALECTS[kind]).find((one) => one !== undefined)
  // Whether a view may be cached is no question here: its text needs no dialect to be made.
  const text = collation === undefined ? undefined : collatedText(collation, 'collation')
  const reading = { physical: columnNamesBy(casing), changing: () => false, text }
  return { ...schemaOf(entities, reading, written), dialect }
}
