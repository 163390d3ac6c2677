import type { Engine, Transaction } from '@larder/core'
import type { CallPolicy } from '../policies.ts'
import type { DbParts, SessionParts } from '../versions/v0/db.ts'
import { commitFailed } from './outcome.ts'
import { type SessionRoom, watchSession } from './session.ts'

/** What transactions need besides. */
export interface TransactionRoom extends SessionRoom {
  readonly engine: Engine
  /** Scopes open on the one connection that the db has; undefined where each transaction has its own. */
  readonly shared: Transaction[] | undefined
  /** Makes the db of a transaction ours. */
  adopt(tx: DbParts): void
}

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
  const { engine, shared } = room
  const scope = engine.transaction('late')
  let bodyDone = false
  const wrapped: Body = async (tx) => {
    adopt(room, call, tx, scope, new Set())
    const result = await body(tx)
    bodyDone = true
    await scope.seal()
    return result
  }
  shared?.push(scope)
  const end = async (outcome: 'committed' | 'failed' | 'unknown'): Promise<void> => {
    shared?.splice(shared.indexOf(scope), 1)
    await scope.end(outcome)
  }
  try {
    const result = await engine.inside(scope, async () => await begin.call(session, wrapped, config))
    await end('committed')
    return result
  } catch (error) {
    // A body that failed without a COMMIT of its own was rolled back, whatever ROLLBACK answered.
    const sent = bodyDone || room.raw.sentCommit(scope)
    await end(sent && !commitFailed(error) ? 'unknown' : 'failed')
    throw error
  }
}

/**
 * Makes a transaction's statements belong to `scope`, and those of its savepoints too: what was written in one that is
 * rolled back is invalidated with the rest, which costs a hit and nothing else.
 */
function adopt(
  room: TransactionRoom,
  call: CallPolicy | undefined,
  tx: DbParts,
  scope: Transaction,
  watched: Set<SessionParts>,
): void {
  // Most drivers run savepoints on the transaction's session, postgres-js makes one for each.
  if (!watched.has(tx.session)) watchSession(room, tx.session, call, () => scope)
  watched.add(tx.session)
  room.adopt(tx)
  const { transaction } = tx
  tx.transaction = (body, config) =>
    transaction.call(
      tx,
      (inner) => {
        adopt(room, call, inner, scope, watched)
        return body(inner)
      },
      config,
    )
}
