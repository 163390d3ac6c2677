import { type Change, type Engine, type SqlDialect, scanSql } from '@larder/core/host'
import type { Statement } from '../analysis/statement.ts'

/** Which tables SQL that no builder made may change. All throw LARDER_UNKNOWN_WRITE under `unknownWrites: 'throw'`. */
export interface RawStatementChanges {
  /**
   * @param inside whether the statement is part of a transaction: nothing may come between its call and its driver
   * then, so one that comes before the parser is loaded counts as unknown.
   */
  of(statement: Statement, inside: boolean): readonly Change[] | Promise<readonly Change[]>
  /** Without the parser where it is not loaded. */
  now(statement: Statement): readonly Change[]
  /** True while a write outside transactions waits for the parser: its tables are not marked yet. */
  parsing(): boolean
}

export function createRawStatementChanges(engine: Engine, dialect: SqlDialect): RawStatementChanges {
  let parsing = 0
  const parsed = async (
    statement: Statement,
    found: Promise<readonly Change[]>,
  ): Promise<readonly Change[]> => {
    parsing++
    try {
      return [...named(statement), ...(await found)]
    } finally {
      parsing--
    }
  }
  return {
    of(statement, inside) {
      const told = allNamed(statement)
      if (told) return told
      const found =
        (inside ? engine.raw.now(untold(statement)) : undefined) ?? engine.raw.soon(untold(statement))
      return found instanceof Promise ? parsed(statement, found) : [...named(statement), ...found]
    },
    now(statement) {
      if (!statement.declared && !scanSql(statement.text, dialect).writes) return []
      const told = allNamed(statement)
      return told ?? [...named(statement), ...(engine.raw.now(untold(statement)) ?? engine.everything())]
    },
    parsing: () => parsing > 0,
  }
}

/** The tables that a raw write's template or its caller names. */
function named({ changes }: Statement): readonly Change[] {
  return changes.map(({ table, effect }) => ({ table, effect }))
}

/** All it may have changed, where the template or the caller says so. */
function allNamed(statement: Statement): readonly Change[] | undefined {
  return statement.changes.length && !statement.hidden ? named(statement) : undefined
}

function untold({ operation, text }: Statement) {
  const instead = 'use insert, update and delete, name the tables by their objects in the template'
  return { operation, text, instead }
}
