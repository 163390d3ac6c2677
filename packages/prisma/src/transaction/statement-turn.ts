import type { TransactionContext } from './transaction-context.ts'

/** Sends an operation's statement. */
type Query = (args: unknown) => Promise<unknown>

/**
 * Runs an operation and keeps its statement in the order in which the operations of its connection were called. `run` gets
 * the operation with a `query` that waits for its turn. If nothing is waiting, `query` sends synchronously.
 */
export function inTurn<O extends { readonly query: Query }>(
  { order, queued }: TransactionContext,
  op: O,
  run: (sent: O) => Promise<unknown>,
): Promise<unknown> {
  const turn = order?.enter()
  let hasLeft = false
  const query = (args: unknown): Promise<unknown> => {
    const send = () => started(op.query(args))
    // A refresh in the background runs when the turn of its read is over.
    const sent = (hasLeft ? order?.enter() : turn)?.send(send) ?? send()
    queued?.()
    return sent
  }
  let ended: Promise<unknown>
  try {
    ended = run({ ...op, query })
  } catch (error) {
    turn?.leave()
    throw error
  }
  if (!turn) return ended
  return ended.finally(() => {
    hasLeft = true
    turn.leave()
  })
}

/** Starts a lazy promise of Prisma at once. `await` would call its `then` one microtask later. */
export function started<T>(lazy: PromiseLike<T>): Promise<T> {
  return new Promise((resolve, reject) => void lazy.then(resolve, reject))
}
