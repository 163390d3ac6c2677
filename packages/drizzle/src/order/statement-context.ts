import type { Transaction, Turn } from '@larder/core/host'
import type { Statement } from '../analysis/statement.ts'

/** A statement as far as its place asks for it. */
export type Called = Pick<Statement, 'kind' | 'text'>

/** Where statements are called: on a db, in a transaction, or in a savepoint. */
export interface Place {
  /** The scope that a statement called now belongs to, if any. */
  readonly transaction: Transaction | undefined
  /**
   * Runs one statement: see {@link inOrder}.
   * @throws CacheError `LARDER_TRANSACTION_ENDED` as a rejection, for a statement that comes after the end.
   */
  run<T>(statement: Called, work: (turn: Turn) => Promise<T>): Promise<T>
}
