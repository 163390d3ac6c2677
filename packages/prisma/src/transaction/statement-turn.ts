import type { Place } from './place.ts'

/** Sends an operation's statement. */
type Query = (args: unknown) => Promise<unknown>

/**
 * Runs one operation whose statement is sent in the order in which its connection's operations were called. `run` gets
 * the operation with a `query` that waits for its turn: it sends in the very call where nothing waits.
 */
export function inTurn<O extends { readonly query: Query }>(
  { order, queued }: Place,
  one: O,
  run: (sent: O) => Promise<unknown>,
): Promise<unknown> {
  const turn = order?.enter()
  const query = (args: unknown): Promise<unknown> => {
    const send = () => started(one.query(args))
    const sent = turn ? turn.send(send) : send()
    queued?.()
    return sent
  }
  let ended: Promise<unknown>
  try {
    ended = run({ ...one, query })
  } catch (error) {
    turn?.leave()
    throw error
  }
  return turn ? ended.finally(turn.leave) : ended
}

/** A `query` that waits for the statements called before this, and holds back none that is called after it. */
export function afterThoseBefore({ order }: Place, query: Query): Query {
  const sent = order?.sent()
  return sent ? (args) => sent.then(() => started(query(args))) : (args) => started(query(args))
}

/** Prisma's promises send nothing before `then` is called: `await` would call it one microtask too late. */
export function started<T>(lazy: PromiseLike<T>): Promise<T> {
  return new Promise((resolve, reject) => void lazy.then(resolve, reject))
}
