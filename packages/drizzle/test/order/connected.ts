import type { ContractDb, ContractSchema, RelationalReads } from '../contract/driver.ts'
import type { Recorder } from './recorder.ts'

/** A driver whose statements are recorded, with one kind of connection. */
export interface Connected {
  readonly name: string
  readonly dialect: 'postgres' | 'sqlite' | 'mysql'
  readonly schema: ContractSchema
  readonly relational: RelationalReads
  /** A plain Drizzle db. All of them share one client. */
  db(): ContractDb
  readonly recorder: Recorder
  /**
   * - `shared`: one connection that all transactions share.
   * - `one`: one connection, which an open transaction occupies.
   * - `several`: statements outside transactions have no order.
   */
  readonly connections: 'shared' | 'one' | 'several'
  /** Accepts BEGIN as a statement, and keeps its connection until COMMIT. */
  readonly takesBegin: boolean
  /** An open transaction makes statements of others fail immediately. */
  readonly locksOthersOut: boolean
  stop(): Promise<void>
}
