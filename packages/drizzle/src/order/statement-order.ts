import { createStatementOrder, type StatementOrder, type Turn } from '@larder/core/host'
import { sendsInOrder } from '../connection/single-connection.ts'
import type { SessionParts } from '../versions/parts.ts'

/** Of a connection that no other statement waits for. */
const FREE: Turn = { send: (run) => run(), leave() {} }

const orders = new WeakMap<object, StatementOrder>()

/**
 * The order of the statements that are called on a db, one for all dbs over its client. Undefined where the client has
 * several connections: its statements have no order then.
 */
export function orderOf(session: SessionParts): StatementOrder | undefined {
  if (!sendsInOrder(session)) return undefined
  const client = session.client as object
  const order = orders.get(client) ?? createStatementOrder()
  orders.set(client, order)
  return order
}

/**
 * Runs `work` for one statement. Call it synchronously in the call that asked for the statement. `work` sends it with
 * the turn it is given, once everything called before on the connection has been sent. A statement that is not sent, a
 * hit or a refused write, gives up its place when `work` settles.
 */
export function inOrder<T>(
  order: StatementOrder | undefined,
  work: (turn: Turn) => Promise<T>,
  place: Turn | undefined = order?.enter(),
): Promise<T> {
  if (!order || !place) return work(FREE)
  let holds = true
  const turn: Turn = {
    send(run) {
      // A place that was given up is not taken back: others have gone before.
      const own = holds ? place : order.enter()
      holds = false
      return own.send(run)
    },
    leave() {
      if (holds) place.leave()
      holds = false
    },
  }
  try {
    const result = work(turn)
    if (holds) void result.then(turn.leave, turn.leave)
    return result
  } catch (error) {
    turn.leave()
    throw error
  }
}
