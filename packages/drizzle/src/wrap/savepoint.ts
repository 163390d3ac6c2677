import type { TransactionContext } from '../order/transaction-context.ts'
import type { CallPolicy } from '../policy/policies.ts'
import type { DbParts, SessionParts } from '../versions/parts.ts'
import { watchSession } from './session.ts'
import type { WrapDeps } from './wrap-deps.ts'

/** A session's own methods, as they are before it is watched. */
type UnwatchedMethods = Pick<SessionParts, 'prepareQuery' | 'count'>

type Body = (tx: DbParts) => unknown

/**
 * Makes the statements of a transaction, and of its savepoints, belong to `context`. The writes of a savepoint that is
 * rolled back are invalidated with the rest, which costs hits and nothing else.
 * @param watched the sessions of the transaction that are watched already.
 */
export function wrapTransaction(
  deps: WrapDeps,
  callPolicy: CallPolicy | undefined,
  tx: DbParts,
  context: TransactionContext,
  watched: Map<SessionParts, UnwatchedMethods>,
): void {
  // Most drivers run savepoints on the session of the transaction. postgres-js creates one for each.
  const unwatched = watched.get(tx.session) ?? watch(deps, callPolicy, tx.session, context, watched)
  deps.adopt(tx)
  const { transaction } = tx
  tx.transaction = (body, config) => {
    // The writes of a savepoint may be rolled back while the transaction commits.
    context.transaction.discardRows()
    const savepoint = context.createSavepoint()
    const session: SessionParts = Object.assign(Object.create(tx.session), unwatched)
    watch(deps, callPolicy, session, savepoint, watched)
    const view: DbParts = Object.assign(Object.create(tx), { session })
    const wrappedBody: Body = async (inner) => {
      try {
        wrapTransaction(deps, callPolicy, inner, savepoint, watched)
        return await body(inner)
      } finally {
        const sent = savepoint.end()
        if (sent) await sent
      }
    }
    return savepoint.begin(async () => {
      try {
        return await transaction.call(view, wrappedBody, config)
      } finally {
        savepoint.close()
        watched.delete(session)
      }
    })
  }
}

function watch(
  deps: WrapDeps,
  callPolicy: CallPolicy | undefined,
  session: SessionParts,
  context: TransactionContext,
  watched: Map<SessionParts, UnwatchedMethods>,
): UnwatchedMethods {
  const { prepareQuery, count } = session
  const unwatched: UnwatchedMethods = { prepareQuery, ...(count && { count }) }
  watched.set(session, unwatched)
  watchSession(deps, session, callPolicy, context)
  return unwatched
}
