import { createStatementOrder, type StatementOrder, type Transaction, type Turn } from '@larder/core/host'
import type { Statement } from '../analysis/statement.ts'
import { createObjectMetadata } from '../base/object-metadata.ts'
import { runsInOrder } from '../connection/single-connection.ts'
import type { SessionParts } from '../versions/parts.ts'

/** The part of a statement that its context needs. */
export type CalledStatement = Pick<Statement, 'kind' | 'text'>

/** Where statements are called: on a db, in a transaction, or in a savepoint. */
export interface StatementContext {
  /** The transaction that a statement called now belongs to, if any. */
  readonly transaction: Transaction | undefined
  /**
   * Runs one statement: see {@link inOrder}. Undefined for a db whose statements have no order: send them at once.
   * @throws CacheError `LARDER_TRANSACTION_ENDED`, as a rejection, for a statement called after the end.
   */
  readonly run: (<T>(statement: CalledStatement, work: (turn: Turn) => Promise<T>) => Promise<T>) | undefined
}

/**
 * The context of statements that are called on a db.
 * @param openTransactions those on the one connection of the db. Undefined if each has a connection of its own.
 */
export function createDbContext(
  openTransactions: readonly Transaction[] | undefined,
  order: StatementOrder | undefined,
): StatementContext {
  // A pool: nothing to look at, statement by statement.
  if (!openTransactions && !order) return { transaction: undefined, run: undefined }
  return {
    get transaction() {
      return openTransactions?.at(-1)
    },
    run: (_, work) => inOrder(order, work),
  }
}

const orders = createObjectMetadata<object, StatementOrder>()

/**
 * The order of the statements on a client, shared by all dbs over it. Undefined for a client with several connections,
 * whose statements have no order.
 */
export function orderOf(session: SessionParts): StatementOrder | undefined {
  if (!runsInOrder(session)) return undefined
  const client = session.client as object
  const order = orders.get(client) ?? createStatementOrder()
  orders.set(client, order)
  return order
}

/** For a connection on which no other statement has to wait. */
const UNORDERED: Turn = { send: (run) => run(), leave() {} }

/**
 * Runs `work` for one statement. Call it synchronously in the call that issued the statement. `work` sends the statement
 * with the turn it receives, once everything called before on the connection has been sent. A statement that is never
 * sent (a hit, a refused write) releases its turn when `work` settles.
 * @param reserved the turn to use. Default: the next one.
 */
export function inOrder<T>(
  order: StatementOrder | undefined,
  work: (turn: Turn) => Promise<T>,
  reserved: Turn | undefined = order?.enter(),
): Promise<T> {
  if (!order || !reserved) return work(UNORDERED)
  let holdsTurn = true
  const turn: Turn = {
    send(run) {
      // A released turn is lost, because other statements have gone ahead.
      const current = holdsTurn ? reserved : order.enter()
      holdsTurn = false
      return current.send(run)
    },
    leave() {
      if (holdsTurn) reserved.leave()
      holdsTurn = false
    },
  }
  try {
    const result = work(turn)
    if (holdsTurn) void result.then(turn.leave, turn.leave)
    return result
  } catch (error) {
    turn.leave()
    throw error
  }
}
