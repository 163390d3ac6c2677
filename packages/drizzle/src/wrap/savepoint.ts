import type { TransactionPlace } from '../order/transaction-context.ts'
import type { CallPolicy } from '../policy/policies.ts'
import type { DbParts, SessionParts } from '../versions/parts.ts'
import { watchSession } from './session.ts'
import type { TransactionRoom } from './transaction-deps.ts'

/** A session's own methods, as they are before it is watched. */
type Bare = Pick<SessionParts, 'prepareQuery' | 'count'>

type Body = (tx: DbParts) => unknown

/**
 * Makes a transaction's statements belong to `place`, and those of its savepoints to its scope, too: what was written
 * in one that is rolled back is invalidated with the rest, which costs a hit and nothing else.
 * @param watched the sessions of the transaction that are watched already.
 */
export function adopt(
  room: TransactionRoom,
  call: CallPolicy | undefined,
  tx: DbParts,
  place: TransactionPlace,
  watched: Map<SessionParts, Bare>,
): void {
  // Most drivers run savepoints on the transaction's session, postgres-js makes one for each.
  const bare = watched.get(tx.session) ?? watch(room, call, tx.session, place, watched)
  room.adopt(tx)
  const { transaction } = tx
  tx.transaction = (body, config) => {
    // What a savepoint wrote may be rolled back while the transaction commits.
    place.transaction.discardRows()
    const inner = place.savepoint()
    const session: SessionParts = Object.assign(Object.create(tx.session), bare)
    watch(room, call, session, inner, watched)
    const view: DbParts = Object.assign(Object.create(tx), { session })
    const wrapped: Body = async (innerTx) => {
      try {
        adopt(room, call, innerTx, inner, watched)
        return await body(innerTx)
      } finally {
        const sent = inner.end()
        if (sent) await sent
      }
    }
    return inner.begin(async () => {
      try {
        return await transaction.call(view, wrapped, config)
      } finally {
        inner.close()
        watched.delete(session)
      }
    })
  }
}

function watch(
  room: TransactionRoom,
  call: CallPolicy | undefined,
  session: SessionParts,
  place: TransactionPlace,
  watched: Map<SessionParts, Bare>,
): Bare {
  const { prepareQuery, count } = session
  const bare: Bare = { prepareQuery, ...(count && { count }) }
  watched.set(session, bare)
  watchSession(room, session, call, place)
  return bare
}
