import { is, type Query, SQL } from 'drizzle-orm'
import type { Built } from '../../dialect/built.ts'

/** A dialect as far as it is touched here. */
export interface DialectParts {
  sqlToQuery(sql: SQL, invokeSource?: unknown): Query
  readonly [method: string]: unknown
}

/** Told of everything a dialect builds. */
export interface DialectListener {
  built(sql: SQL, built: Built): void
  of(sql: SQL): Built | undefined
  query(sql: SQL, query: Query): void
}

type Method = (this: unknown, ...parameters: unknown[]) => unknown

/** What each method of a 0.45 dialect builds, told by its parameters. */
const BUILDERS: Readonly<Record<string, (parameters: readonly unknown[], inner?: Built) => Built>> = {
  buildSelectQuery: ([config]) => ({ kind: 'select', config: config as never }),
  buildInsertQuery: ([config]) => ({ kind: 'insert', config: config as never }),
  buildUpdateQuery: ([config]) => ({ kind: 'update', config: config as never }),
  buildDeleteQuery: ([config]) => ({ kind: 'delete', config: config as never }),
  buildUpdateSet: ([, set]) => ({ kind: 'set', set: set as never }),
  buildRefreshMaterializedViewQuery: ([config]) => ({
    kind: 'refresh',
    view: (config as { view: unknown }).view,
  }),
  buildRelationalQuery: (_, inner) => ({ kind: 'relational', inner }),
  buildRelationalQueryWithoutPK: (_, inner) => ({ kind: 'relational', inner }),
  buildRelationalQueryWithoutLateralSubqueries: (_, inner) => ({ kind: 'relational', inner }),
}

/** An object whose prototype is `dialect`, with the methods that build SQL listened to. */
export function overrideDialect(dialect: DialectParts, listener: DialectListener): DialectParts {
  const view = Object.create(dialect) as Record<string, unknown>
  for (const [name, describe] of Object.entries(BUILDERS)) {
    const method = dialect[name] as Method | undefined
    if (typeof method !== 'function') continue
    view[name] = function (this: unknown, ...parameters: unknown[]): unknown {
      const made = method.apply(this, parameters)
      const sql = sqlIn(made)
      if (sql) listener.built(sql, describe(parameters, listener.of(sql)))
      return made
    }
  }
  view.sqlToQuery = function (this: DialectParts, sql: SQL, invokeSource?: unknown): Query {
    const query = dialect.sqlToQuery.call(this, sql, invokeSource)
    listener.query(sql, query)
    return query
  }
  return view as unknown as DialectParts
}

/** A builder gives its SQL, or an object that holds it (relational queries; inserts of MySQL). */
function sqlIn(made: unknown): SQL | undefined {
  if (is(made, SQL)) return made
  const inner = (made as { sql?: unknown } | undefined)?.sql
  return is(inner, SQL) ? inner : undefined
}
