import { type SqlDialect, type SqlScan, scanSql } from '@larder/core/host'

/** What a statement writes, as far as its text shows. */
export interface WrittenTables {
  readonly scan: SqlScan
  /** Bare names in lower case. Undefined: the statement is not one of Prisma's own, so its text does not show them. */
  readonly tables: readonly string[] | undefined
}

/** How many texts are remembered, and the length of the longest one in characters. */
const MOST = 2_000
const LONGEST = 10_000

const NAME = '(?:"(?:[^"]|"")+"|`(?:[^`]|``)+`)'
/** Prisma's own statements begin like this; in them every name is quoted, and every value is a parameter. */
const OWN = new RegExp(`^(?:INSERT (?:IGNORE )?INTO|UPDATE|DELETE FROM) (?:${NAME}\\.)?(${NAME})(?=[\\s(])`)
/** What could name another target. */
const SECOND =
  /;|\bWITH\b|\bINTO\b.*\bINTO\b|\bDELETE\b.*\bDELETE\b|\bUPDATE\s+(?!SET\b).*\bUPDATE\s+(?!SET\b)/is

/** Returns a function that parses what a statement writes. It returns undefined for a statement that only reads. */
export function createWrittenTables(
  dialect: SqlDialect | undefined,
): (sql: string) => WrittenTables | undefined {
  const tablesByText = new Map<string, WrittenTables | undefined>()
  return (sql) => {
    const remembered = tablesByText.get(sql)
    if (remembered || tablesByText.has(sql)) return remembered
    const written = writtenBy(sql, dialect)
    if (sql.length <= LONGEST) {
      if (tablesByText.size >= MOST) tablesByText.clear()
      tablesByText.set(sql, written)
    }
    return written
  }
}

function writtenBy(sql: string, dialect: SqlDialect | undefined): WrittenTables | undefined {
  const scan = scanSql(sql, dialect)
  if (!scan.writes && (scan.kind === 'read' || scan.kind === 'savepoint')) return undefined
  const ownStatement = OWN.exec(sql)
  const name = ownStatement?.[1]
  if (!name || scan.kind !== 'write' || SECOND.test(sql)) return { scan, tables: undefined }
  const quote = name.charAt(0)
  return {
    scan,
    tables: [
      name
        .slice(1, -1)
        .replaceAll(quote + quote, quote)
        .toLowerCase(),
    ],
  }
}
