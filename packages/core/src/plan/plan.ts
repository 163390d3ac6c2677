import type { BypassReason } from '../report/events.ts'
import type { Refusal } from './contribution.ts'
import type { Policy } from './policy.ts'

/** A value a column was compared with or set to, as the host's driver would give it. */
export type ColumnValue = unknown

/** Stands for a value the host cannot know before or after the statement: an expression, a default, an increment. */
export const UNKNOWN: unique symbol = Symbol('larder.unknown')

/** Columns (physical names) that every row in question equals: one value, or any of several (IN). */
export type Pins = Readonly<Record<string, readonly ColumnValue[]>>

/**
 * One use of a table in a read: each alias, include, subquery, union arm and cursor is its own.
 * `pins` holds only plain equalities with non-null values, from the places that bind this occurrence.
 */
export interface Occurrence {
  readonly table: string
  readonly pins?: Pins
  /**
   * How many plain rows of this occurrence the result visibly returned, or undefined when the host cannot tell
   * (aggregates, joins, nested to-one nulls). A unique pin that returned a row per value needs no dependency on
   * the table's list.
   */
  readonly rows?: (result: unknown) => number | undefined
  /**
   * Names the rows by the result, because the arguments do not. Ignored if `pins` name them, unless that is a unique key without
   * `rows` to count them.
   */
  readonly resultDependency?: ResultDependency
}

/** Reads the rows of one occurrence off a result: the row that a to-one include returns, or the children of returned rows. */
export interface ResultDependency {
  /** Physical columns that `values` returns. */
  readonly columns: readonly string[]
  /**
   * `true`: the result contains a row for each of the values. `false`: the statement searched by these values, and may have
   * found no row or several. A unique key then names nothing, because a row that is missing has no value yet.
   */
  readonly found: boolean
  /**
   * Returns the values of the occurrence's rows: no other row of the table, present or future, can change the result. Undefined
   * if the result does not show them. A row that others refer to and that is missing from the result may still be inserted,
   * unless a foreign key forbids to refer to it before.
   */
  values(result: unknown): readonly ReturnedRow[] | undefined
}

/** All that a host hands to the engine for a read. */
export interface ReadPlan<T> {
  /** For events and `explain`: `'Product.findMany'`. */
  readonly operation: string
  readonly model: string
  /** Undefined: no policy, the read is not cached. */
  readonly policy: Policy | undefined
  /**
   * Name of the read in its entry's key, where it is not the operation's own: all reads of the model by that name and
   * with the same `query` give the same result, so one may be answered with what another stored.
   */
  readonly as?: string | undefined
  /** Whether this read may return what another of that name stored; if not it loads. Absent: it may, whatever it is. */
  readonly accepts?: (result: unknown) => boolean
  /** Why the host wants the database, whatever the policy says. */
  readonly bypass?: BypassReason | undefined
  /** The canonical query: anything the key encoder takes. Everything the result depends on besides the database. */
  readonly query: unknown
  /** The canonical text of `query`, where the host has made it already. */
  readonly queryText?: string | undefined
  /** The first is the one of the model's own table. */
  readonly occurrences: readonly Occurrence[]
  /**
   * How many levels of records and lists, from the top of the result, the host has built itself. They hold data only, so
   * encoding need not look for accessors, hidden properties, symbols and holes in them. Absent: none.
   */
  readonly dataDepth?: number
  /** More than one SQL statement may run: the result is stored only if its tags held through the last. */
  readonly severalStatements: boolean
  /** Arguments or results that cannot be encoded throw, instead of bypassing the cache. */
  readonly strict?: boolean
  /**
   * What a read without a policy depends on. Called only inside the load of a computed value, which depends on it too. A
   * method that returns undefined, or none: nobody knows, and the value is not stored.
   */
  dependencies?(): readonly Occurrence[] | undefined
  /**
   * Present: the result depends on what the reads inside `run` depend on. Called with the cause if one of them keeps the
   * result from being stored.
   */
  readonly captures?: ((cause: Refusal) => void) | undefined
  /**
   * Called when the read begins to wait for the load of another caller. It runs no query of its own then, unless that
   * load gives it nothing.
   */
  readonly joined?: (() => void) | undefined
  /** True if the error proves that the database could not be reached or did not answer in time. Never true for an error of the query itself. */
  readonly unreachable?: (error: unknown) => boolean
  /**
   * Makes a plan of the same read for a refresh in the background, which runs after the call has returned. The plan must
   * hold nothing that the caller may change, such as its arguments. Called while the caller waits. Absent: this plan will do.
   */
  readonly detach?: () => ReadPlan<T>
  /**
   * False while the query must not run in the background, because a transaction is open on its only connection: it would
   * see rows that are not committed. Called right before `run`, for refreshes only. Absent: it may run at any time.
   */
  readonly mayRun?: () => boolean
  /** Runs the host's own query. Called at most once per read. */
  run(): Promise<T>
}

/** A read by a synchronous driver. */
export interface SyncReadPlan<T> extends Omit<ReadPlan<T>, 'run' | 'joined' | 'detach'> {
  readonly detach?: () => SyncReadPlan<T>
  run(): T
}

/** What a statement does to the rows it touches. `upsert` may insert or update; `unknown` may do anything. */
export type Effect = 'insert' | 'update' | 'delete' | 'upsert' | 'unknown'

/**
 * What is known of the rows one statement touches in one table. What is absent is unknown.
 * - `before`: equalities that every touched row satisfied before the statement (its WHERE, or the conflict target).
 * - `sets`: columns the statement may change (update) or gives (insert), with their new value or {@link UNKNOWN}.
 *   For an insert, several rows are several changes. Undefined for an update: any column may change.
 */
export interface Change {
  readonly table: string
  readonly effect: Effect
  readonly before?: Pins
  readonly sets?: Readonly<Record<string, ColumnValue>>
}

/** Rows the statement returned: physical column to driver value. A column that is absent stays unknown. */
export type ReturnedRow = Readonly<Record<string, ColumnValue>>

/** All that a host hands to the engine for a write. */
export interface WritePlan<T> {
  readonly operation: string
  readonly model: string | undefined
  /** The statement's own changes; referential actions are derived by the engine. */
  readonly changes: readonly Change[]
  /**
   * The rows that `changes[index]` touched, all of them, read off the result; undefined when the result does not
   * show them all.
   */
  readonly returned?: (result: T, index: number) => readonly ReturnedRow[] | undefined
  /** True when the error proves that nothing was committed (the server's own error for the statement). */
  readonly failed?: (error: unknown) => boolean
  /** The rows written, as reads of them return them. Absent: they are not written through. */
  readonly through?: WriteThrough<T>
  run(): Promise<T>
}

/** What a host tells of a write whose model has the policy `write: 'through'`. */
export interface WriteThrough<T> {
  readonly policy: Policy
  /** Bare name of the row's table. */
  readonly table: string
  /** Number of the plan's first changes that are of the rows shown. Any other change of the table, and nothing is stored. */
  readonly changes: number
  /** The reads that would return the rows now, with what they would return; none of a row that the result does not show whole. */
  reads(result: T): readonly RowRead[]
}

/** A read of one row by a unique key, and its result. Fields as in {@link ReadPlan}. */
export interface RowRead {
  readonly as: string
  readonly model: string
  readonly query: unknown
  readonly occurrence: Occurrence
  readonly result: unknown
}

/** A write by a synchronous driver. */
export interface SyncWritePlan<T> extends Omit<WritePlan<T>, 'run'> {
  run(): T
}
