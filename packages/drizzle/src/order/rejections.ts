import { type SqlDialect, scanSql, type Transaction, type Turn } from '@larder/core/host'
import type { Commits } from '../execute/commits.ts'
import type { Called } from './statement-context.ts'

/** What has been rejected in one transaction. */
export interface Rejections {
  /** `work` of one statement with what an earlier rejection asks for. */
  watch<T>(statement: Called, work: (turn: Turn) => Promise<T>): (turn: Turn) => Promise<T>
}

/**
 * MySQL and SQLite roll back the whole transaction for some errors (a deadlock, a full disk) and go on without one:
 * what is written after an error that the body caught may commit at once, so it is marked at once.
 */
export function createRejections(scope: Transaction, commits: Commits, dialect: SqlDialect): Rejections {
  let rejected = false
  return {
    watch: (statement, work) => async (turn) => {
      if (rejected && writes(statement, dialect)) {
        await scope.seal()
        commits.broken(scope)
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

function writes({ kind, text }: Called, dialect: SqlDialect): boolean {
  return kind === 'write' || (kind === 'raw' && scanSql(text, dialect).writes)
}
