import type { ReadPlan, Transaction, WritePlan } from '@larder/core/host'
import type { Statement } from '../analysis/statement.ts'
import type { CallPolicy } from '../policy/policies.ts'
import type { SelectedFields } from '../versions/driver-rows.ts'

/** Converts between the result of a driver and what an entry holds of it. */
export interface ResultCodec {
  toEntry(result: unknown): unknown
  fromEntry(value: unknown): unknown
}

/** The codecs of the results that are cached. What is cached are the driver's rows, so Drizzle maps them on a hit as well. */
export interface ReadCodecs {
  readonly rows: ResultCodec
  readonly count: ResultCodec
}

/** One call of a prepared statement: all that decides what the engine is asked, whatever the driver. */
export interface StatementCall {
  readonly statement: Statement
  /** Stands for shape and text in entry keys. */
  readonly entryName: string
  /** As bound, with placeholders filled in. */
  readonly parameters: readonly unknown[]
  /**
   * What Drizzle does with the driver's result. `rows`: maps lists of values. `count`: takes the number out of it.
   * `result`: returns it to the caller as it is, so it cannot be cached.
   */
  readonly shape: 'rows' | 'count' | 'result'
  readonly fields: SelectedFields | undefined
  /** How a result of raw SQL is cached. Undefined: it has a form that cannot be. */
  readonly rawCodec: ResultCodec | undefined
  readonly callPolicy: CallPolicy | undefined
  readonly inTransaction: boolean
  /** The driver returns the first row only. */
  readonly firstRowOnly: boolean
}

/** One call of a statement on an asynchronous driver. */
export interface Execution extends StatementCall {
  readonly transaction: Transaction | undefined
  /** False while a transaction is open on the only connection of the db. */
  isIdle(): boolean
  run(): Promise<unknown>
  /** Releases the turn of the statement, which waits for the load of another one. Undefined: it has no turn. */
  readonly leave: (() => void) | undefined
}

/** A read, as the engine is asked for it. The driver's `run` is added to it. */
export interface PlannedRead {
  readonly plan: Omit<ReadPlan<unknown>, 'run' | 'joined'>
  /** Undefined for a read that bypasses the cache. */
  readonly codec: ResultCodec | undefined
}

/** A write, as the engine is asked for it. The driver's `run` is added to it. */
export type PlannedWrite = Omit<WritePlan<unknown>, 'run'>
