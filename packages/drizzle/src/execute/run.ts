import type { BypassReason } from '@larder/core'
import {
  type Occurrence,
  type Policy,
  type ReadPlan,
  scanSql,
  type Transaction,
  volatileValue,
} from '@larder/core/host'
import { occurrencesOf, type Statement } from '../analysis/statement.ts'
import type { DriverResults } from '../versions/driver-rows.ts'
import { ROW_READ, rowReadQuery } from '../write-through/written-rows.ts'
import { bypassingRead, NO_MODEL } from './bypass.ts'
import type { Execution, PlannedRead, ReadCodecs, ResultCodec, StatementCall } from './execution.ts'
import { planRawRead } from './raw-read.ts'
import type { StatementDeps } from './statement-deps.ts'
import { planWrite } from './write.ts'

/** Runs one statement of an asynchronous driver through the engine: a read, a write, or raw SQL that is either. */
export function runStatement(deps: StatementDeps, execution: Execution): Promise<unknown> {
  const { transaction, statement } = execution
  if (!transaction || statement.kind === 'write') return run(deps, execution)
  if (mayAffectOthers(deps, statement, transaction)) transaction.discardRows()
  return transaction.trackUnknown(() => run(deps, execution))
}

/**
 * Whether a statement of a transaction may change the outcome of its other statements: a savepoint, a setting, a COMMIT
 * by hand, or an unknown function. No row of such a transaction is written through.
 */
function mayAffectOthers(
  { dialect, raw }: StatementDeps,
  { kind, text, opaque }: Statement,
  transaction: Transaction,
): boolean {
  if (kind === 'raw' && raw.commits.hasEndedBody(transaction) && /^commit$/i.test(text)) return false
  return opaque !== undefined || (kind === 'raw' && !/^(?:read|write)$/.test(scanSql(text, dialect).kind))
}

function run(deps: StatementDeps, execution: Execution): Promise<unknown> {
  switch (execution.statement.kind) {
    case 'read':
      return read(deps, execution, planRead)
    case 'write': {
      const plan = { ...planWrite(deps, execution), run: execution.run }
      return deps.engine.write(plan, execution.transaction ?? deps.raw.session.transaction)
    }
    default:
      return runRaw(deps, execution)
  }
}

async function runRaw(deps: StatementDeps, execution: Execution): Promise<unknown> {
  deps.raw.inspect(execution.statement)
  const planned = planRawRead(deps, execution)
  return planned ? read(deps, execution, () => planned) : deps.raw.run(execution)
}

/** Async, so that a mistake in the policy of a call rejects instead of throwing. */
async function read(
  deps: StatementDeps,
  execution: Execution,
  planOf: (deps: StatementDeps, call: StatementCall) => PlannedRead,
): Promise<unknown> {
  const { plan, codec } = planOf(deps, execution)
  const { engine } = deps
  const { leave, run: query } = execution
  if (!codec) return engine.read({ ...plan, joined: leave, run: query })
  const value = await engine.read({
    ...plan,
    joined: leave,
    mayRun: () => execution.isIdle() && !deps.raw.session.transaction && !deps.raw.settings.altered,
    run: async () => codec.toEntry(await query()),
  })
  return codec.fromEntry(value)
}

/** How the results of a driver become entries, and what Drizzle's mapping expects on a hit. */
export function createReadCodecs({ rows, objects, form }: DriverResults): ReadCodecs {
  const fromEntry = (list: unknown): unknown =>
    form === 'object' ? { rows: list } : form === 'pair' ? [list] : list
  return { rows: { toEntry: rows, fromEntry }, count: { toEntry: objects, fromEntry } }
}

/** Decides whether and how a read that a builder produced is cached, for asynchronous and synchronous drivers. */
export function planRead(deps: StatementDeps, call: StatementCall): PlannedRead {
  const { statement, parameters } = call
  const bypass = bypassOf(deps, call)
  const policy = bypass ? undefined : policyFor(deps, call)
  // A read that bypasses the cache needs nothing of the statement but its name.
  if (bypass || !policy) return bypassingRead(statement, bypass, () => uncachedOccurrences(deps, call))
  return {
    plan: {
      operation: statement.operation,
      model: statement.model ?? NO_MODEL,
      policy,
      ...keyOf(deps, call, policy),
      occurrences: occurrencesOf(statement, parameters, countRows),
      severalStatements: false,
      dataDepth: DATA_DEPTH,
      unreachable: deps.unreachable,
    },
    codec: codecOf(deps, call),
  }
}

/** What a read depends on of which nothing is stored. Its result is the driver's own: it is converted before rows are read off it. */
function uncachedOccurrences(deps: StatementDeps, call: StatementCall): readonly Occurrence[] | undefined {
  const { statement, parameters, shape } = call
  if (statement.kind !== 'read' || mayChangeUnwritten(deps, statement, parameters)) return undefined
  if (shape === 'result') {
    return occurrencesOf(statement, parameters, unknownCount).map(({ table, pins = {} }) => ({ table, pins }))
  }
  const { toEntry } = codecOf(deps, call)
  return occurrencesOf(statement, parameters, (result) => countRows(toEntry(result))).map(
    ({ resultDependency, ...occurrence }) =>
      resultDependency
        ? {
            ...occurrence,
            resultDependency: {
              ...resultDependency,
              values: (result: unknown) => resultDependency.values(toEntry(result)),
            },
          }
        : occurrence,
  )
}

function codecOf({ codecs }: StatementDeps, { shape }: StatementCall): ResultCodec {
  return shape === 'count' ? codecs.count : codecs.rows
}

/** True if the result may change without a write, or if nobody knows all that it depends on. */
function mayChangeUnwritten(
  { raw, dialect }: StatementDeps,
  { opaque }: Statement,
  parameters: readonly unknown[],
): boolean {
  if (opaque !== undefined || raw.settings.altered) return true
  return dialect === 'postgres' && parameters.some(volatileValue)
}

/** The driver has built the list and its rows. The values in them may come from parsers of the application. */
const DATA_DEPTH = 2

const unknownCount = (): undefined => undefined

/** A read without a main table has no table whose writes it may ignore, so every write to its tables invalidates it. */
function policyFor(
  { policies }: StatementDeps,
  { statement, callPolicy }: StatementCall,
): Policy | undefined {
  const model = statement.model ?? ''
  const policy = callPolicy === undefined ? policies.byTable.get(model) : policies.forTable(model, callPolicy)
  return policy?.write === 'around' && !statement.modelFirst ? { ...policy, write: 'invalidate' } : policy
}

/** What identifies the entry: its text and parameters, or the row for a plain read of one, which has several texts. */
function keyOf(
  { rowReads }: StatementDeps,
  { statement, parameters, entryName }: StatementCall,
  { write }: Policy,
): Pick<ReadPlan<unknown>, 'as' | 'query'> {
  const rowRead = write === 'through' ? rowReads.parametersOf(statement) : undefined
  const row = rowRead && rowReadQuery(rowRead, parameters)
  return row ? { as: ROW_READ, query: row } : { as: entryName, query: parameters }
}

const countRows = (result: unknown): number | undefined => (Array.isArray(result) ? result.length : undefined)

function bypassOf(
  deps: StatementDeps,
  { statement, parameters, shape, callPolicy, inTransaction }: StatementCall,
): BypassReason | undefined {
  const { raw } = deps
  if (statement.locks) return 'lock'
  if (inTransaction || raw.session.transaction) return 'transaction'
  if (raw.changes.unparsed > 0) return 'dirty'
  if (callPolicy === false) return 'disabled'
  return shape === 'result' || mayChangeUnwritten(deps, statement, parameters) ? 'opaque' : undefined
}
