import type { Engine, StatementOrder, Transaction } from '@larder/core/host'
import type { DbParts } from '../versions/parts.ts'
import type { SessionRoom } from './session.ts'

/** What transactions need besides. */
export interface TransactionRoom extends SessionRoom {
  readonly engine: Engine
  /** Scopes open on the one connection that the db has; undefined where each transaction has its own. */
  readonly shared: Transaction[] | undefined
  /** Order of the statements called on the db; undefined where it has several connections. */
  readonly order: StatementOrder | undefined
  /** Makes the db of a transaction ours. */
  adopt(tx: DbParts): void
}
