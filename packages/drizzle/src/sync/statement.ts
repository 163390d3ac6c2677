import { CacheError } from '@larder/core'
import { scanSql, sqlWords } from '@larder/core/host'
import type { Statement } from '../analysis/statement.ts'
import { undeclaredRead } from '../execute/bypass.ts'
import type { PlannedRead, ResultCodec, StatementCall } from '../execute/execution.ts'
import { planRawWrite } from '../execute/raw-changes.ts'
import { planRawRead } from '../execute/raw-read.ts'
import { planRead } from '../execute/run.ts'
import type { StatementDeps } from '../execute/statement-deps.ts'
import { planWrite } from '../execute/write.ts'
import type { CallPolicy } from '../policy/policies.ts'
import type { PreparedParts, SqliteExecutors, StatementParts, SyncConnection } from '../versions/parts.ts'
import type { PreparedOptions } from '../versions/version.ts'

/**
 * How Drizzle calls the driver. `rows` and `row`: for lists of values, all or the first, which Drizzle maps. `objects`:
 * for plain objects. `other`: for anything else.
 */
type Method = 'rows' | 'row' | 'objects' | 'other'

/** One call of a statement on a synchronous driver. */
interface SyncExecution extends StatementCall {
  /** False while a transaction is open on the connection. */
  isIdle(): boolean
  run(): unknown
}

/** `all` of a raw statement returns plain objects, which are cached as they are. */
const unchanged: ResultCodec = { toEntry: (result) => result, fromEntry: (value) => value }

/**
 * Makes a query prepared by a synchronous driver go through the engine: what asks the driver is replaced by what asks the
 * engine first. Drizzle still maps the rows.
 * @throws CacheError for a prepared query of an unknown form.
 */
export function watchSyncStatement(
  deps: StatementDeps,
  connection: SyncConnection,
  prepared: PreparedParts,
  statement: Statement,
  fields: PreparedOptions['fields'],
  callPolicy: CallPolicy | undefined,
): void {
  const call: Call = (method: Method, parameters: readonly unknown[], run: () => unknown): unknown =>
    runOnConnection(deps, connection, {
      statement,
      entryName: `${method} ${statement.key}`,
      parameters,
      shape: method === 'rows' || method === 'row' ? 'rows' : 'result',
      fields,
      rawCodec: method === 'objects' ? unchanged : undefined,
      callPolicy,
      inTransaction: connection.inTransaction,
      isIdle: () => !connection.inTransaction,
      firstRowOnly: method === 'row',
      run,
    })
  const { executors, mode, stmt } = prepared
  if (executors) prepared.executors = watchExecutors(executors, mode === 'arrays', call)
  else if (stmt) prepared.stmt = watchDriverStatement(stmt, call)
  // Larder must see every statement.
  else
    throw new CacheError(
      'LARDER_CONFIG',
      'drizzleCache does not know the prepared queries of this version of drizzle-orm: 0.45.4 and 1.0.0-rc.5 are tested',
    )
}

type Call = (method: Method, parameters: readonly unknown[], run: () => unknown) => unknown

/** @param lists whether the driver is asked for lists of values. */
function watchExecutors(executors: SqliteExecutors, lists: boolean, call: Call): SqliteExecutors {
  return {
    all: (parameters) => call(lists ? 'rows' : 'objects', parameters, () => executors.all(parameters)),
    get(parameters) {
      if (!lists) return call('other', parameters, () => executors.get(parameters))
      const listOfFirst = (): unknown => listOf(executors.get(parameters))
      return (call('row', parameters, listOfFirst) as readonly unknown[])[0]
    },
    run: (parameters) => call('other', parameters, () => executors.run(parameters)),
  }
}

function watchDriverStatement(stmt: StatementParts, call: Call): StatementParts {
  const raw: StatementParts = {
    all: (...parameters) => call('rows', parameters, () => stmt.raw().all(...parameters)),
    get(...parameters) {
      const listOfFirst = (): unknown => listOf(stmt.raw().get(...parameters))
      return (call('row', parameters, listOfFirst) as readonly unknown[])[0]
    },
    run: (...parameters) => call('other', parameters, () => stmt.run(...parameters)),
    raw: () => raw,
  }
  return {
    all: (...parameters) => call('objects', parameters, () => stmt.all(...parameters)),
    get: (...parameters) => call('other', parameters, () => stmt.get(...parameters)),
    run: raw.run,
    raw: () => raw,
  }
}

function listOf(row: unknown): readonly unknown[] {
  return row === undefined ? [] : [row]
}

/** Ends the transaction in the engine when the statement has ended it in the database, be it by an error. */
function runOnConnection(deps: StatementDeps, connection: SyncConnection, execution: SyncExecution): unknown {
  let rolledBack = false
  try {
    const result = runSyncStatement(deps, execution)
    rolledBack = isRollback(deps, execution.statement)
    return result
  } finally {
    if (execution.inTransaction && !connection.inTransaction) deps.engine.sync.end(!rolledBack)
  }
}

function isRollback({ dialect }: StatementDeps, { kind, text }: Statement): boolean {
  return kind === 'raw' && sqlWords(text, dialect)?.[0] === 'ROLLBACK'
}

/** The synchronous counterpart of `runStatement`. What the engine is asked is decided by the same functions. */
function runSyncStatement(deps: StatementDeps, execution: SyncExecution): unknown {
  const { statement, inTransaction, run } = execution
  const { sync } = deps.engine
  if (statement.kind === 'read') return read(deps, execution, planRead(deps, execution))
  if (statement.kind === 'write') return sync.write({ ...planWrite(deps, execution), run }, inTransaction)
  const scan = scanSql(statement.text, deps.dialect)
  if (scan.writes || statement.declared) {
    const changes = deps.raw.changes.findNow(statement)
    return sync.write({ ...planRawWrite(statement, changes), run }, inTransaction)
  }
  if (scan.kind !== 'read') {
    deps.engine.noteOpaqueRead(statement.operation)
    return run()
  }
  return read(deps, execution, planRawRead(deps, execution) ?? undeclaredRead(statement, scan, inTransaction))
}

function read(
  { engine, raw }: StatementDeps,
  { run, isIdle }: SyncExecution,
  { plan, codec }: PlannedRead,
): unknown {
  if (!codec) return engine.sync.read({ ...plan, run })
  const mayRun = () => isIdle() && !raw.settings.altered
  return codec.fromEntry(engine.sync.read({ ...plan, mayRun, run: () => codec.toEntry(run()) }))
}
