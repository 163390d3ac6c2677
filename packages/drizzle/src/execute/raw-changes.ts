import { type Change, type Engine, type SqlDialect, scanSql } from '@larder/core/host'
import type { Statement } from '../analysis/statement.ts'
import type { PlannedWrite } from './execution.ts'
import { statementFailed } from './outcome.ts'

/** Finds the tables that SQL no builder produced may change. Throws LARDER_UNKNOWN_WRITE under `unknownWrites: 'throw'`. */
export interface RawChangesFinder {
  /**
   * The changes of a raw write.
   * @param inTransaction whether it is part of a transaction. Then nothing may delay it, so its tables count as unknown
   * until the parser is loaded.
   */
  find(statement: Statement, inTransaction: boolean): readonly Change[] | Promise<readonly Change[]>
  /** The changes of any raw SQL, without waiting for the parser. None if it only reads. */
  findNow(statement: Statement): readonly Change[]
  /** How many writes outside transactions wait for the parser. Their tables are not marked yet. */
  readonly unparsed: number
}

export function createRawChangesFinder(engine: Engine, dialect: SqlDialect): RawChangesFinder {
  const finder = {
    unparsed: 0,
    find(statement: Statement, inTransaction: boolean) {
      const tables = allTables(statement)
      if (tables) return tables
      const query = parserQuery(statement)
      const parsed = (inTransaction ? engine.raw.now(query) : undefined) ?? engine.raw.soon(query)
      return parsed instanceof Promise
        ? whenParsed(statement, parsed)
        : [...namedTables(statement), ...parsed]
    },
    findNow(statement: Statement) {
      if (!statement.declared && !scanSql(statement.text, dialect).writes) return []
      const parse = () => engine.raw.now(parserQuery(statement)) ?? engine.everything()
      return allTables(statement) ?? [...namedTables(statement), ...parse()]
    },
  }
  const whenParsed = async (
    statement: Statement,
    parsed: Promise<readonly Change[]>,
  ): Promise<readonly Change[]> => {
    finder.unparsed++
    try {
      return [...namedTables(statement), ...(await parsed)]
    } finally {
      finder.unparsed--
    }
  }
  return finder
}

/** The tables that the template of a raw write, or its caller, names. */
function namedTables({ changes }: Statement): readonly Change[] {
  return changes.map(({ table, effect }) => ({ table, effect }))
}

/** All tables that it changes. Undefined where template and caller do not name them all. */
function allTables(statement: Statement): readonly Change[] | undefined {
  return statement.changes.length && !statement.hasUnknownWrites ? namedTables(statement) : undefined
}

function parserQuery({ operation, text }: Statement) {
  const instead = 'use insert, update and delete, name the tables by their objects in the template'
  return { operation, text, instead }
}

/** A write that no builder produced. */
export function planRawWrite({ operation }: Statement, changes: readonly Change[]): PlannedWrite {
  return { operation, model: undefined, changes, failed: statementFailed }
}
