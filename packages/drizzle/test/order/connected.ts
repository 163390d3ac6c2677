import type { ContractDb, ContractSchema, RelationalReads } from '../contract/driver.ts'
import type { Recorder } from './recorder.ts'

/** A driver whose statements are recorded, in one of its ways to connect. */
export interface Connected {
  readonly name: string
  readonly dialect: 'postgres' | 'sqlite' | 'mysql'
  readonly schema: ContractSchema
  readonly relational: RelationalReads
  /** A plain Drizzle db. Every one is over the same client. */
  db(): ContractDb
  readonly recorder: Recorder
  /**
   * - `shared`: one connection, which transactions share with everything else.
   * - `one`: one connection, which a transaction has for itself.
   * - `several`: statements outside transactions have no order.
   */
  readonly connections: 'shared' | 'one' | 'several'
  /** Takes BEGIN as a statement, and keeps its connection until COMMIT. */
  readonly takesBegin: boolean
  /** What a transaction leaves open refuses everybody else at once. */
  readonly locksOthersOut: boolean
  stop(): Promise<void>
}
