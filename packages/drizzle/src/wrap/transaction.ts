import { createStatementOrder, type StatementOrder, type Transaction } from '@larder/core/host'
import { commitFailed } from '../execute/outcome.ts'
import { createRejections } from '../order/rejections.ts'
import { inOrder } from '../order/statement-order.ts'
import { createTransactionPlace } from '../order/transaction-context.ts'
import type { CallPolicy } from '../policy/policies.ts'
import type { DbParts, SessionParts } from '../versions/parts.ts'
import { adopt } from './savepoint.ts'
import type { TransactionRoom } from './transaction-deps.ts'

type Body = (tx: DbParts) => unknown
type Begin = (this: unknown, body: Body, config?: unknown) => unknown

/**
 * Runs Drizzle's own `transaction` with marks around its COMMIT. `session` is a view made for this transaction alone:
 * drivers with one connection run the whole transaction on it.
 */
export async function runTransaction(
  room: TransactionRoom,
  call: CallPolicy | undefined,
  begin: Begin,
  session: SessionParts,
  body: Body,
  config: unknown,
): Promise<unknown> {
  const { engine, order, shared } = room
  const { scope, others, leave } = enter(room)
  const place = createTransactionPlace({
    transaction: scope,
    order: (shared && order) ?? createStatementOrder(),
    rejections:
      room.dialect === 'postgres' ? undefined : createRejections(scope, room.raw.commits, room.dialect),
    parent: undefined,
  })
  const course: Course = { begun: false, sealed: false, threw: undefined }
  const beginOwn = shared && order ? keepBeginInOrder(room, order, session) : undefined
  /** What is called on the connection from now on comes after the end, so it is none of this scope's. */
  const over = (): Promise<void> | undefined => {
    const sent = place.end()
    leave()
    return sent
  }
  const wrapped: Body = async (tx) => {
    try {
      beginOwn?.done()
      adopt(room, call, tx, place, new Map())
      const result = await body(tx)
      const sent = over()
      if (sent) await sent
      await scope.seal()
      course.sealed = true
      return result
    } catch (error) {
      course.threw = { error }
      const sent = over()
      if (sent) await sent
      throw error
    } finally {
      room.raw.commits.bodyOver(scope)
    }
  }
  const end = async (outcome: 'committed' | 'failed' | 'unknown'): Promise<void> => {
    place.close()
    leave()
    await scope.end(outcome)
  }
  try {
    const result = await inOrder(order, async (turn) => {
      if (others.length) await Promise.all(others.map((one) => one.seal()))
      course.begun = true
      return turn.send(() => engine.inside(scope, async () => await begin.call(session, wrapped, config)))
    })
    await end('committed')
    return result
  } catch (error) {
    await end(course.begun ? outcomeOf(room, scope, course, error) : 'failed')
    throw error
  }
}

/** How far a transaction came. */
interface Course {
  /** Drizzle was asked to begin it. */
  begun: boolean
  /** Its body is done, and Drizzle may have sent COMMIT. */
  sealed: boolean
  threw: { readonly error: unknown } | undefined
}

/** How a transaction that rejected ended. */
function outcomeOf(
  { raw }: TransactionRoom,
  scope: Transaction,
  { sealed, threw }: Course,
  error: unknown,
): 'committed' | 'failed' | 'unknown' {
  const refused = sealed && commitFailed(error)
  const sent = raw.commits.of(scope)
  // A body that failed without a COMMIT of its own was rolled back, whatever ROLLBACK answered.
  if (sent === 'none') return refused || !sealed ? 'failed' : 'unknown'
  // Drizzle gives a body's error back once ROLLBACK is acknowledged, else that one's: nothing is under way any more.
  return threw?.error === error || (refused && sent === 'done') ? 'committed' : 'unknown'
}

/**
 * Opens the scope of a transaction. Where transactions share a connection, a second one that begins while one is open
 * is none of its own: its BEGIN (MySQL) or the first COMMIT of the two (PostgreSQL) commits what both wrote. The others
 * must be sealed before it is sent.
 */
function enter({ engine, shared, raw }: TransactionRoom): {
  readonly scope: Transaction
  readonly others: readonly Transaction[]
  leave(): void
} {
  const others = [...(shared ?? [])]
  const scope = engine.transaction(others.length ? 'early' : 'late')
  shared?.push(scope)
  const leave = (): void => {
    if (shared?.includes(scope)) shared.splice(shared.indexOf(scope), 1)
  }
  if (others.length) for (const one of [...others, scope]) raw.commits.broken(one)
  return { scope, others, leave }
}

/**
 * On a connection that transactions share, Drizzle may send several statements before the body (SET TRANSACTION, then
 * BEGIN): each after the first takes its place among those that others have called meanwhile.
 */
function keepBeginInOrder(
  { version }: TransactionRoom,
  order: StatementOrder,
  session: SessionParts,
): { done(): void } {
  const { prepareQuery } = session
  let first = true
  session.prepareQuery = (...parameters) => {
    const prepared = prepareQuery.apply(session, parameters)
    if (first) {
      first = false
      return prepared
    }
    version.open(prepared)
    const { queryWithCache } = prepared
    if (queryWithCache)
      prepared.queryWithCache = (...given) => order.enter().send(() => queryWithCache.apply(prepared, given))
    return prepared
  }
  return {
    done() {
      session.prepareQuery = prepareQuery
    },
  }
}
