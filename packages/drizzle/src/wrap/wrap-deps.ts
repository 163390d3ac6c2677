import type { Engine, StatementOrder, Transaction } from '@larder/core/host'
import type { DbParts } from '../versions/parts.ts'
import type { SessionDeps } from './session.ts'

/** What a wrapped db needs besides what its sessions need. Shared by all its variants and transactions. */
export interface WrapDeps extends SessionDeps {
  readonly engine: Engine
  /** The open transactions on the one connection of the db. Undefined if each transaction has a connection of its own. */
  readonly openTransactions: Transaction[] | undefined
  /** Order of the statements called on the db. Undefined if it has several connections. */
  readonly order: StatementOrder | undefined
  /** Gives the db of a transaction the methods of a wrapped db. */
  adopt(tx: DbParts): void
}
