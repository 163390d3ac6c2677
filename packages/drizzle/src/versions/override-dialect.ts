import { is, type Query, SQL } from 'drizzle-orm'
import type { Built } from './builder-config.ts'
import type { DialectParts } from './parts.ts'

/** Told of everything a dialect builds. */
export interface DialectListener {
  built(sql: SQL, built: Built): void
  of(sql: SQL): Built | undefined
  query(sql: SQL, query: Query): void
}

/**
 * What each method of a dialect builds, told by its parameters, the SQL it made, what that was noted as before, and
 * all that the method returned.
 */
export type Builders = Readonly<
  Record<string, (parameters: readonly unknown[], sql: SQL, inner: Built | undefined, made: unknown) => Built>
>

/** Who builds SQL in one version of Drizzle. */
export interface SqlMakers {
  readonly builders: Builders
  /** `db.$count(…)` as a statement of its own, where no session's method shows it. */
  countAlone(sql: SQL): Built | undefined
}

type Method = (this: unknown, ...parameters: unknown[]) => unknown

/** An object whose prototype is `dialect`, with the methods that build SQL listened to. */
export function overrideDialect(
  dialect: DialectParts,
  { builders, countAlone }: SqlMakers,
  listener: DialectListener,
): DialectParts {
  const view = Object.create(dialect) as Record<string, unknown>
  for (const [name, describe] of Object.entries(builders)) {
    const method = dialect[name] as Method | undefined
    if (typeof method !== 'function') continue
    view[name] = function (this: unknown, ...parameters: unknown[]): unknown {
      const made = method.apply(this, parameters)
      const sql = sqlIn(made)
      if (sql) listener.built(sql, describe(parameters, sql, listener.of(sql), made))
      return made
    }
  }
  view.sqlToQuery = function (this: DialectParts, sql: SQL, invokeSource?: unknown): Query {
    const count = listener.of(sql) ? undefined : countAlone(sql)
    if (count) listener.built(sql, count)
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
