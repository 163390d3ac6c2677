import type { Engine } from '@larder/core/host'
import type { DbParts, SessionParts, SyncConnection } from '../versions/parts.ts'

export interface SyncTransactionDeps {
  readonly engine: Engine
  /** Gives the db of a transaction the methods of a wrapped db. */
  adopt(tx: DbParts): void
}

type Body = (tx: DbParts) => unknown
type Begin = (this: unknown, body: Body, config?: unknown) => unknown

/**
 * Runs Drizzle's own `transaction` on a synchronous driver. Nothing else in this process runs before it ends, so its
 * writes are invalidated together at its end.
 */
export function runSyncTransaction(
  deps: SyncTransactionDeps,
  connection: SyncConnection,
  begin: Begin,
  session: SessionParts,
  body: Body,
  config: unknown,
): unknown {
  const outermost = !connection.inTransaction
  let bodyDone = false
  const end = (committed: boolean): void => {
    if (outermost) deps.engine.sync.end(committed)
  }
  const wrappedBody: Body = (tx) => {
    wrapSavepoints(deps, tx)
    const result = body(tx)
    bodyDone = true
    return result
  }
  try {
    const result = begin.call(session, wrappedBody, config)
    end(true)
    return result
  } catch (error) {
    // After the body only the COMMIT can have failed. Its outcome is unknown, so the writes are invalidated.
    end(bodyDone)
    throw error
  }
}

function wrapSavepoints(deps: SyncTransactionDeps, tx: DbParts): void {
  deps.adopt(tx)
  const { transaction } = tx
  tx.transaction = (body, config) =>
    transaction.call(
      tx,
      (savepoint) => {
        wrapSavepoints(deps, savepoint)
        return body(savepoint)
      },
      config,
    )
}
