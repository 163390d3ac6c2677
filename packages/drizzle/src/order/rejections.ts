import { type SqlDialect, scanSql, type Transaction, type Turn } from '@larder/core/host'
import type { Commits } from '../execute/commits.ts'
import type { CalledStatement } from './statement-context.ts'

/** Watches one transaction for rejected statements. */
export interface Rejections {
  /** Wraps the `work` of one statement with what an earlier rejection requires. */
  guard<T>(statement: CalledStatement, work: (turn: Turn) => Promise<T>): (turn: Turn) => Promise<T>
}

/**
 * On some errors (a deadlock, a full disk) MySQL and SQLite roll back the whole transaction and continue without one.
 * After an error that the body has caught, a write may therefore commit immediately, so it is marked before it runs.
 */
export function createRejections(
  transaction: Transaction,
  commits: Commits,
  dialect: SqlDialect,
): Rejections {
  let rejected = false
  return {
    guard: (statement, work) => async (turn) => {
      if (rejected && isWrite(statement, dialect)) {
        await transaction.seal()
        commits.markImplicit(transaction)
      }
      try {
        return await work(turn)
      } catch (error) {
        rejected = true
        throw error
      }
    },
  }
}

function isWrite({ kind, text }: CalledStatement, dialect: SqlDialect): boolean {
  return kind === 'write' || (kind === 'raw' && scanSql(text, dialect).writes)
}
