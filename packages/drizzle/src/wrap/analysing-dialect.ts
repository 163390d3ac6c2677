import type { Query, SQL } from 'drizzle-orm'
import { type AnalysisRoom, analyse } from '../analysis/analyse.ts'
import type { Statement } from '../analysis/statement.ts'
import { createNotes } from '../base/object-metadata.ts'
import type { Built } from '../versions/builder-config.ts'
import { overrideDialect, type SqlMakers } from '../versions/override-dialect.ts'
import type { DialectParts } from '../versions/parts.ts'

/** Statements whose analysis is kept: programs have some hundreds of texts. */
const MOST_TEXTS = 2_000
/** Longer texts (bulk inserts) are analysed each time: keeping them would cost more than it saves. */
const LONGEST_TEXT = 20_000

/** A dialect that remembers what it builds, and what its queries depend on. */
export interface WatchedDialect {
  readonly dialect: DialectParts
  /** Undefined for a query of another dialect. */
  statementOf(query: Query): Statement | undefined
  /** What a query of this dialect was built from. */
  builtOf(query: Query): Built | undefined
}

/** Puts a view over `dialect`: the given one is not changed. */
export function watchDialect(room: AnalysisRoom, makers: SqlMakers, dialect: DialectParts): WatchedDialect {
  const sources = createNotes<Query, SQL>()
  const byText = new Map<string, Statement>()
  const rawByText = new Map<string, Statement>()

  return {
    dialect: overrideDialect(dialect, makers, {
      built: (sql, built) => room.built.note(sql, built),
      of: (sql) => room.built.of(sql),
      query: (sql, query) => sources.put(query, sql),
    }),
    builtOf(query) {
      const sql = sources.of(query)
      return sql && room.built.of(sql)
    },
    statementOf(query) {
      const sql = sources.of(query)
      if (!sql) return undefined
      // What the text says is all the database sees, so queries of one text depend on the same things.
      const known = room.built.of(sql) ? byText : rawByText
      const found = known.get(query.sql)
      if (found) return found
      const made = analyse(room, sql, query.sql, query.params.length)
      if (query.sql.length > LONGEST_TEXT) return made
      if (known.size >= MOST_TEXTS) known.clear()
      known.set(query.sql, made)
      return made
    },
  }
}
