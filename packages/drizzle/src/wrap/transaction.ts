import { createStatementOrder, type StatementOrder, type Transaction } from '@larder/core/host'
import { commitFailed } from '../execute/outcome.ts'
import { createRejections } from '../order/rejections.ts'
import { inOrder } from '../order/statement-context.ts'
import { createTransactionContext } from '../order/transaction-context.ts'
import type { CallPolicy } from '../policy/policies.ts'
import type { DbParts, SessionParts } from '../versions/parts.ts'
import { wrapTransaction } from './savepoint.ts'
import type { WrapDeps } from './wrap-deps.ts'

type Body = (tx: DbParts) => unknown
type Begin = (this: unknown, body: Body, config?: unknown) => unknown

/**
 * Runs Drizzle's own `transaction` with marks around its COMMIT.
 * @param session a view made for this transaction alone. Drivers with one connection run the whole transaction on it.
 */
export async function runTransaction(
  deps: WrapDeps,
  callPolicy: CallPolicy | undefined,
  begin: Begin,
  session: SessionParts,
  body: Body,
  config: unknown,
): Promise<unknown> {
  const { engine, order, openTransactions } = deps
  const { transaction, others, leave } = open(deps)
  const context = createTransactionContext({
    transaction,
    order: (openTransactions && order) ?? createStatementOrder(),
    rejections:
      deps.dialect === 'postgres' ? undefined : createRejections(transaction, deps.raw.commits, deps.dialect),
    parent: undefined,
  })
  const progress: Progress = { begun: false, sealed: false, bodyError: undefined }
  const beginOrder = openTransactions && order ? keepBeginInOrder(deps, order, session) : undefined
  /** Statements called on the connection from now on come after the end, so they do not belong to the transaction. */
  const endBody = (): Promise<void> | undefined => {
    const sent = context.end()
    leave()
    return sent
  }
  const wrappedBody: Body = async (tx) => {
    try {
      beginOrder?.stop()
      wrapTransaction(deps, callPolicy, tx, context, new Map())
      const result = await body(tx)
      const sent = endBody()
      if (sent) await sent
      await transaction.seal()
      progress.sealed = true
      return result
    } catch (error) {
      progress.bodyError = { error }
      const sent = endBody()
      if (sent) await sent
      throw error
    } finally {
      deps.raw.commits.endBody(transaction)
    }
  }
  const end = async (outcome: 'committed' | 'failed' | 'unknown'): Promise<void> => {
    context.close()
    leave()
    await transaction.end(outcome)
  }
  try {
    const result = await inOrder(order, async (turn) => {
      if (others.length) await Promise.all(others.map((other) => other.seal()))
      progress.begun = true
      return turn.send(() =>
        engine.inside(transaction, async () => await begin.call(session, wrappedBody, config)),
      )
    })
    await end('committed')
    return result
  } catch (error) {
    await end(progress.begun ? outcomeOf(deps, transaction, progress, error) : 'failed')
    throw error
  }
}

/** How far a transaction got. */
interface Progress {
  /** Drizzle was asked to begin it. */
  begun: boolean
  /** Its body is done, and Drizzle may have sent COMMIT. */
  sealed: boolean
  bodyError: { readonly error: unknown } | undefined
}

/** The outcome of a transaction that rejected with `error`. */
function outcomeOf(
  { raw }: WrapDeps,
  transaction: Transaction,
  { sealed, bodyError }: Progress,
  error: unknown,
): 'committed' | 'failed' | 'unknown' {
  const commitRejected = sealed && commitFailed(error)
  const commits = raw.commits.stateOf(transaction)
  // A body that failed without a COMMIT of its own was rolled back, whatever the response to ROLLBACK.
  if (commits === 'none') return commitRejected || !sealed ? 'failed' : 'unknown'
  // Drizzle rethrows the body's error after a successful ROLLBACK. Then nothing is in progress any more.
  return bodyError?.error === error || (commitRejected && commits === 'done') ? 'committed' : 'unknown'
}

/**
 * Opens a transaction in the engine. Transactions that share a connection are not isolated from each other: the BEGIN of
 * the second (MySQL) or the first COMMIT (PostgreSQL) commits the writes of both. The others must be sealed before the
 * BEGIN is sent.
 */
function open({ engine, openTransactions, raw }: WrapDeps): {
  readonly transaction: Transaction
  readonly others: readonly Transaction[]
  leave(): void
} {
  const others = [...(openTransactions ?? [])]
  const transaction = engine.transaction(others.length ? 'early' : 'late')
  openTransactions?.push(transaction)
  const leave = (): void => {
    if (openTransactions?.includes(transaction))
      openTransactions.splice(openTransactions.indexOf(transaction), 1)
  }
  if (others.length) for (const each of [...others, transaction]) raw.commits.markImplicit(each)
  return { transaction, others, leave }
}

/**
 * On a shared connection, Drizzle may send several statements before the body (SET TRANSACTION, then BEGIN). Each after
 * the first takes its turn among the statements that were called in the meantime.
 */
function keepBeginInOrder(
  { version }: WrapDeps,
  order: StatementOrder,
  session: SessionParts,
): { stop(): void } {
  const { prepareQuery } = session
  let isFirst = true
  session.prepareQuery = (...parameters) => {
    const prepared = prepareQuery.apply(session, parameters)
    if (isFirst) {
      isFirst = false
      return prepared
    }
    version.disableFastPath(prepared)
    const { queryWithCache } = prepared
    if (queryWithCache)
      prepared.queryWithCache = (...queryParameters) =>
        order.enter().send(() => queryWithCache.apply(prepared, queryParameters))
    return prepared
  }
  return {
    stop() {
      session.prepareQuery = prepareQuery
    },
  }
}
