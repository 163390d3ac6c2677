import type { SqlDialect } from './dialect.ts'

/**
 * First words of statements that change no row of any table, whatever follows. Not here are GRANT and REVOKE, after which
 * a query may be refused or, by row-level security, return other rows; SQLite's VACUUM, which may number rows anew;
 * MySQL's REPAIR, which may lose some; EXECUTE and CALL, which do what was prepared; and everything unknown.
 */
const FIRST: Readonly<Record<SqlDialect, ReadonlySet<string>>> = {
  postgres: new Set([
    ...['LOCK', 'LISTEN', 'UNLISTEN', 'NOTIFY', 'CHECKPOINT', 'PREPARE', 'DEALLOCATE', 'COMMENT'],
    ...['VACUUM', 'ANALYZE', 'ANALYSE', 'REINDEX', 'CLUSTER', 'DECLARE', 'FETCH', 'MOVE', 'CLOSE'],
  ]),
  mysql: new Set([
    ...['LOCK', 'UNLOCK', 'PREPARE', 'DEALLOCATE', 'FLUSH', 'KILL', 'HELP'],
    ...['ANALYZE', 'CHECK', 'CHECKSUM', 'OPTIMIZE'],
  ]),
  sqlite: new Set(['ANALYZE']),
}

/** MariaDB's ANALYZE runs the statement that follows it, where one does. */
const RUN = new Set(['SELECT', 'WITH', 'INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'VALUES', 'FORMAT'])

/** True for one statement, as its words, that changes no row. Without `dialect` it must be so in every one. */
export function writesNothing(tokens: readonly string[], dialect: SqlDialect | undefined): boolean {
  const [first = '', ...rest] = tokens
  if (first === 'ANALYZE' && rest.some((word) => RUN.has(word))) return false
  const sets = dialect ? [FIRST[dialect]] : Object.values(FIRST)
  return sets.every((set) => set.has(first))
}

const EXPLAIN = new Set(['EXPLAIN', 'DESCRIBE', 'DESC'])

/**
 * True for EXPLAIN that does not run what it explains. In a list of options, which may be quoted names, nothing can be
 * told.
 */
export function explainsOnly([first = '', second, ...rest]: readonly string[]): boolean {
  if (!EXPLAIN.has(first) || second === '(') return false
  return ![second, ...rest].some((word) => word === 'ANALYZE' || word === 'ANALYSE')
}
