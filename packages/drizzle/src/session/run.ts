import {
  type BypassReason,
  changingValue,
  type Engine,
  type ReadPlan,
  type SqlDialect,
  scanSql,
  type Transaction,
  type WritePlan,
} from '@larder/core'
import type { Column } from 'drizzle-orm'
import { changesOf, occurrencesOf, type Statement } from '../dialect/statement.ts'
import type { CallPolicy, Policies } from '../policies.ts'
import { statementFailed } from './outcome.ts'
import type { RawSql } from './raw.ts'
import { type CarriedResult, carry, restored } from './raw-results.ts'
import { type DriverResults, returnedRows, type SelectedFields } from './rows.ts'

/** What the statements of one db need, shared by all its forms. */
export interface StatementRoom {
  readonly engine: Engine
  readonly dialect: SqlDialect
  readonly policies: Policies
  readonly raw: RawSql
  readonly results: DriverResults
  /** True for a view that nobody has declared the sources of. */
  blind(view: string): boolean
  /** Physical name of a column, with the db's casing. */
  physical(column: Column): string
}

/** One execution of a prepared statement. */
export interface Execution {
  readonly statement: Statement
  /** Stands for shape and text in entry keys. */
  readonly as: string
  /** As bound, placeholders filled in. */
  readonly parameters: readonly unknown[]
  /**
   * What Drizzle makes of the driver's result: `rows`: maps lists of values; `count`: takes the number out of it;
   * `result`: hands it to the caller as it is, which no cache can carry.
   */
  readonly shape: 'rows' | 'count' | 'result'
  readonly fields: SelectedFields | undefined
  /** Of raw SQL: its result is of a form that a cache can carry. */
  readonly carried: boolean
  readonly call: CallPolicy | undefined
  readonly place: Transaction | undefined
  run(): Promise<unknown>
}

/** Takes one execution to the engine: a read, a write, or raw SQL that is either. */
export function runStatement(room: StatementRoom, one: Execution): Promise<unknown> {
  switch (one.statement.kind) {
    case 'read':
      return read(room, one)
    case 'write':
      return write(room, one)
    default:
      return raw(room, one)
  }
}

/** Raw SQL is cached where its caller says what it reads, and nothing in it could change without a write. */
async function raw(room: StatementRoom, one: Execution): Promise<unknown> {
  const { statement, parameters, call, place } = one
  const reads = call ? call.reads : undefined
  if (!call || !reads || place || room.raw.session() || !readsOnly(room, statement)) return room.raw.run(one)
  const blind = reads.some(room.blind)
  const moment = room.dialect === 'postgres' && parameters.some(changingValue)
  if (blind || moment || statement.opaque !== undefined || !one.carried)
    return room.engine.read(pastCache(one, 'opaque'))
  const result = await room.engine.read({
    ...pastCache(one, undefined),
    policy: room.policies.raw(call),
    as: `raw ${statement.key}`,
    query: parameters,
    // Tables that stand in the template as objects are read too, named or not.
    occurrences: [...reads, ...statement.occurrences.map(({ table }) => table)].map((table) => ({ table })),
    run: async () => carry(await one.run()),
  })
  return restored(result as CarriedResult)
}

export function readsOnly({ dialect }: StatementRoom, { text, declared }: Statement): boolean {
  const { kind, writes, locks } = scanSql(text, dialect)
  return kind === 'read' && !writes && !locks && !declared
}

async function read(room: StatementRoom, one: Execution): Promise<unknown> {
  const { statement, parameters } = one
  const bypass = bypassOf(room, one)
  const policy = bypass ? undefined : room.policies.of(statement.model ?? '', one.call)
  // Past the cache nothing is asked of the statement but its name.
  if (bypass || !policy) return room.engine.read(pastCache(one, bypass))
  const { rows, objects, wrap } = room.results
  // Cached are the driver's rows before Drizzle's mapping: its decoders run again on a hit.
  const carried = one.shape === 'count' ? objects : rows
  const result = await room.engine.read({
    operation: statement.operation,
    model: statement.model ?? RAW,
    policy,
    as: one.as,
    query: parameters,
    occurrences: occurrencesOf(statement, parameters, countRows),
    severalStatements: false,
    run: async () => carried(await one.run()),
  })
  return wrap(result)
}

/** The model of reads that are about no table of the schema. */
const RAW = 'raw'

function pastCache({ statement, run }: Execution, bypass: BypassReason | undefined): ReadPlan<unknown> {
  return {
    operation: statement.operation,
    model: statement.model ?? RAW,
    policy: undefined,
    ...(bypass && { bypass }),
    query: undefined,
    occurrences: [],
    severalStatements: false,
    run,
  }
}

export const countRows = (result: unknown): number | undefined =>
  Array.isArray(result) ? result.length : undefined

function bypassOf(
  room: StatementRoom,
  { statement, parameters, shape, call, place }: Execution,
): BypassReason | undefined {
  if (statement.locks) return 'lock'
  if (place || room.raw.session()) return 'transaction'
  if (call === false) return 'disabled'
  if (statement.opaque !== undefined || shape === 'result') return 'opaque'
  return room.dialect === 'postgres' && parameters.some(changingValue) ? 'opaque' : undefined
}

function write(room: StatementRoom, one: Execution): Promise<unknown> {
  const { statement, parameters, place } = one
  const session = room.raw.session()
  const changes = session && !place ? room.engine.everything() : changesOf(statement, parameters)
  const returned = returnedBy(room, one)
  const plan: WritePlan<unknown> = {
    operation: statement.operation,
    model: statement.model,
    changes,
    ...(returned && { returned }),
    failed: statementFailed,
    run: one.run,
  }
  return room.engine.write(plan, place ?? session)
}

/** One row per row given, in their order; where some were skipped, all rows stand for each. */
export function returnedBy(
  room: StatementRoom,
  { statement, fields, shape }: Pick<Execution, 'statement' | 'fields' | 'shape'>,
): WritePlan<unknown>['returned'] {
  const { ownChanges, changes } = statement
  if (!fields || shape !== 'rows' || !ownChanges) return undefined
  const { effect, table = '' } = changes[0] ?? {}
  return (result, index) => {
    const rows = index < ownChanges ? room.results.rows(result) : undefined
    if (!rows) return undefined
    const shown = returnedRows(rows, fields, table, room.physical)
    const own = shown[index]
    return effect === 'insert' && own && shown.length === ownChanges ? [own] : shown
  }
}
