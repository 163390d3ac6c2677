import type { Engine } from '@larder/core/host'
import type { Connection, DbParts, SessionParts } from '../versions/parts.ts'

/** What transactions of a driver that answers at once need. */
export interface TransactionRoomAtOnce {
  readonly engine: Engine
  /** Makes the db of a transaction ours. */
  adopt(tx: DbParts): void
}

type Body = (tx: DbParts) => unknown
type Begin = (this: unknown, body: Body, config?: unknown) => unknown

/**
 * Runs Drizzle's own `transaction`. Nobody else of this process runs before it has ended, so what it wrote is
 * invalidated then, all at once.
 */
export function runTransactionAtOnce(
  room: TransactionRoomAtOnce,
  connection: Connection,
  begin: Begin,
  session: SessionParts,
  body: Body,
  config: unknown,
): unknown {
  const outermost = !connection.inTransaction
  let bodyDone = false
  const end = (committed: boolean): void => {
    if (outermost) room.engine.sync.end(committed)
  }
  const wrapped: Body = (tx) => {
    adopt(room, tx)
    const result = body(tx)
    bodyDone = true
    return result
  }
  try {
    const result = begin.call(session, wrapped, config)
    end(true)
    return result
  } catch (error) {
    // After the body only COMMIT can have failed: what it did is not worth finding out.
    end(bodyDone)
    throw error
  }
}

function adopt(room: TransactionRoomAtOnce, tx: DbParts): void {
  room.adopt(tx)
  const { transaction } = tx
  tx.transaction = (body, config) =>
    transaction.call(
      tx,
      (inner) => {
        adopt(room, inner)
        return body(inner)
      },
      config,
    )
}
