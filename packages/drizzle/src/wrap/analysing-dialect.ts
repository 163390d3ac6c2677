import { is, type Query, SQL } from 'drizzle-orm'
import { type AnalysisDeps, analyse } from '../analysis/analyse.ts'
import type { Statement } from '../analysis/statement.ts'
import { createObjectMetadata } from '../base/object-metadata.ts'
import type { BuilderConfig } from '../versions/builder-config.ts'
import type { DialectParts } from '../versions/parts.ts'
import type { Version } from '../versions/version.ts'

/** How many analysed statements are kept. Programs have some hundreds of texts. */
const MAX_TEXTS = 2_000
/** Longer texts (bulk inserts) are analysed each time, because keeping them would cost more than it saves. */
const MAX_TEXT_LENGTH = 20_000

/** A dialect that remembers what it builds, and that knows what its queries depend on. */
export interface AnalysingDialect {
  readonly dialect: DialectParts
  /** Undefined for a query of another dialect. */
  statementOf(query: Query): Statement | undefined
  /** What a query of this dialect was built from. */
  configOf(query: Query): BuilderConfig | undefined
}

/** Creates a view over `dialect`, which is not changed. */
export function createAnalysingDialect(
  deps: AnalysisDeps,
  version: Version,
  dialect: DialectParts,
): AnalysingDialect {
  const { configs } = deps
  const sources = createObjectMetadata<Query, SQL>()
  const byText = new Map<string, Statement>()
  const rawByText = new Map<string, Statement>()
  const view = Object.create(dialect) as Record<string, unknown>

  for (const [name, describe] of Object.entries(version.builders)) {
    const method = dialect[name] as ((...parameters: unknown[]) => unknown) | undefined
    if (typeof method !== 'function') continue
    view[name] = function (this: unknown, ...parameters: unknown[]): unknown {
      const result = method.apply(this, parameters)
      const sql = sqlIn(result)
      if (sql) configs.set(sql, describe(parameters, sql, configs.get(sql), result))
      return result
    }
  }
  view.sqlToQuery = function (this: DialectParts, sql: SQL, invokeSource?: unknown): Query {
    const count = configs.get(sql) ? undefined : version.standaloneCount(sql)
    if (count) configs.set(sql, count)
    const query = dialect.sqlToQuery.call(this, sql, invokeSource)
    sources.set(query, sql)
    return query
  }

  return {
    dialect: view as unknown as DialectParts,
    configOf(query) {
      const sql = sources.get(query)
      return sql && configs.get(sql)
    },
    statementOf(query) {
      const sql = sources.get(query)
      if (!sql) return undefined
      // The text is all that the database sees, so queries with one text depend on the same things.
      const statements = configs.get(sql) ? byText : rawByText
      const remembered = statements.get(query.sql)
      if (remembered) return remembered
      const statement = analyse(deps, sql, query.sql, query.params.length)
      if (query.sql.length > MAX_TEXT_LENGTH) return statement
      if (statements.size >= MAX_TEXTS) statements.clear()
      statements.set(query.sql, statement)
      return statement
    },
  }
}

/** A builder returns SQL, or an object that contains it (relational queries, inserts of MySQL). */
function sqlIn(result: unknown): SQL | undefined {
  if (is(result, SQL)) return result
  const inner = (result as { sql?: unknown } | undefined)?.sql
  return is(inner, SQL) ? inner : undefined
}
