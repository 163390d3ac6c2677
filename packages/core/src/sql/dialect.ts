/** How one family of servers reads comments and quotes. */
export interface Quoting {
  /** A backslash escapes inside '…' and "…". */
  readonly backslash: boolean
  /** E'…' strings, $tag$…$tag$ strings, nested block comments. */
  readonly postgres: boolean
  /** `#` begins a comment, `--` only before white space; a block comment that begins with `!` is executed. */
  readonly mysql: boolean
  /** [name] is a quoted name. */
  readonly brackets: boolean
}

/** The dialects whose quoting is known. */
export type SqlDialect = 'postgres' | 'mysql' | 'sqlite'

export const QUOTING: Readonly<Record<SqlDialect, Quoting>> = {
  postgres: { backslash: false, postgres: true, mysql: false, brackets: false },
  mysql: { backslash: true, postgres: false, mysql: true, brackets: false },
  sqlite: { backslash: false, postgres: false, mysql: false, brackets: true },
}

// Without these, every dialect reads a text alike.
const DIFFERS = /[\\#$[]|--|\/\*/

/** The ways `text` may be read: the dialect's own, or all where it is not known and would matter. */
export function readings(text: string, dialect: SqlDialect | undefined): readonly Quoting[] {
  if (dialect) return [QUOTING[dialect]]
  return DIFFERS.test(text) ? [QUOTING.postgres, QUOTING.mysql, QUOTING.sqlite] : [QUOTING.postgres]
}
