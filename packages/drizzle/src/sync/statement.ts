import type { BypassReason } from '@larder/core'
import { type SyncReadPlan, scanSql, sqlWords } from '@larder/core/host'
import { changesOf, occurrencesOf, type Statement } from '../analysis/statement.ts'
import type { StatementRoom } from '../execute/execution.ts'
import { statementFailed } from '../execute/outcome.ts'
import { shownBy } from '../execute/returned.ts'
import { countRows, keyedBy, modelOf, policyOf, readsOnly } from '../execute/run.ts'
import type { CallPolicy } from '../policy/policies.ts'
import type { Connection, PreparedParts, StatementParts } from '../versions/parts.ts'
import type { Preparation } from '../versions/version.ts'

/** One execution by a driver that answers at once. */
interface Execution {
  readonly statement: Statement
  readonly parameters: readonly unknown[]
  /** How the driver is asked: lists of values for Drizzle to map, all or the first; or anything else. */
  readonly method: 'rows' | 'row' | 'objects' | 'other'
  readonly shape: 'rows' | 'result'
  readonly fields: Preparation['fields']
  readonly call: CallPolicy | undefined
  run(): unknown
}

/**
 * Makes a query prepared by better-sqlite3 go through the engine: its statement is replaced by one that asks there
 * first. Everything Drizzle does with rows stays as it is.
 */
export function watchAtOnce(
  room: StatementRoom,
  connection: Connection,
  prepared: PreparedParts,
  statement: Statement,
  fields: Preparation['fields'],
  call: CallPolicy | undefined,
): void {
  const { stmt } = prepared
  if (!stmt) return
  const ask = (method: Execution['method'], parameters: readonly unknown[], run: () => unknown): unknown => {
    const shape = method === 'rows' || method === 'row' ? 'rows' : 'result'
    return execute(room, connection, { statement, parameters, method, shape, fields, call, run })
  }
  const raw: StatementParts = {
    all: (...given) => ask('rows', given, () => stmt.raw().all(...given)),
    get(...given) {
      const first = (): unknown => {
        const row = stmt.raw().get(...given)
        return row === undefined ? [] : [row]
      }
      return (ask('row', given, first) as readonly unknown[])[0]
    },
    run: (...given) => ask('other', given, () => stmt.run(...given)),
    raw: () => raw,
  }
  prepared.stmt = {
    all: (...given) => ask('objects', given, () => stmt.all(...given)),
    get: (...given) => ask('other', given, () => stmt.get(...given)),
    run: raw.run,
    raw: () => raw,
  }
}

function execute(room: StatementRoom, connection: Connection, one: Execution): unknown {
  const held = connection.inTransaction
  let rolledBack = false
  try {
    const result = statementAtOnce(room, one, held)
    rolledBack = rollsBack(room, one.statement)
    return result
  } finally {
    // Its last statement, or an error that ended it: what was kept for the end of the transaction is due.
    if (held && !connection.inTransaction) room.engine.sync.end(!rolledBack)
  }
}

function rollsBack({ dialect }: StatementRoom, { kind, text }: Statement): boolean {
  return kind === 'raw' && sqlWords(text, dialect)?.[0] === 'ROLLBACK'
}

function statementAtOnce(room: StatementRoom, one: Execution, held: boolean): unknown {
  const { statement, run } = one
  if (statement.kind === 'read') return read(room, one, held)
  if (statement.kind === 'write') return write(room, one, held)
  const scan = scanSql(statement.text, room.dialect)
  if (scan.writes || statement.declared) {
    const changes = room.raw.changes(statement)
    const plan = { operation: statement.operation, model: undefined, changes, failed: statementFailed, run }
    return room.engine.sync.write(plan, held)
  }
  return scan.kind === 'read' ? rawRead(room, one, held) : run()
}

function read(room: StatementRoom, one: Execution, held: boolean): unknown {
  const { statement, parameters, method, run } = one
  const bypass = bypassOf(one, held)
  const policy = bypass ? undefined : policyOf(room, one)
  if (!policy) return room.engine.sync.read(pastCache(one, bypass))
  return room.engine.sync.read({
    operation: statement.operation,
    model: statement.model ?? 'raw',
    policy,
    ...keyedBy(room, statement, parameters, `${method} ${statement.key}`),
    occurrences: occurrencesOf(statement, parameters, countRows),
    severalStatements: false,
    run,
  })
}

function bypassOf({ statement, shape, call }: Execution, held: boolean): BypassReason | undefined {
  if (statement.locks) return 'lock'
  if (held) return 'transaction'
  if (call === false) return 'disabled'
  return statement.opaque !== undefined || shape === 'result' ? 'opaque' : undefined
}

function pastCache(one: Execution, bypass: BypassReason | undefined): SyncReadPlan<unknown> {
  const { statement, run } = one
  const plan = { operation: statement.operation, model: statement.model ?? 'raw', policy: undefined, run }
  return {
    ...plan,
    ...(bypass && { bypass }),
    query: undefined,
    occurrences: [],
    severalStatements: false,
  }
}

/** As with other drivers, where the caller says what it reads. Only `all` gives rows of a form that can be carried. */
function rawRead(room: StatementRoom, one: Execution, held: boolean): unknown {
  const { statement, parameters, call, method } = one
  const { sync } = room.engine
  const reads = call ? call.reads : undefined
  if (held || !call || !reads || !readsOnly(room, statement))
    return sync.read(pastCache(one, held ? 'transaction' : 'no-policy'))
  if (reads.some(room.blind) || statement.opaque !== undefined || method !== 'objects')
    return sync.read(pastCache(one, 'opaque'))
  return sync.read({
    ...pastCache(one, undefined),
    policy: room.policies.raw(call),
    as: `raw ${statement.key}`,
    query: parameters,
    occurrences: [...reads, ...statement.occurrences.map(({ table }) => table)].map((table) => ({ table })),
  })
}

function write(room: StatementRoom, one: Execution, held: boolean): unknown {
  const { statement, parameters, method, run } = one
  const plan = {
    operation: statement.operation,
    model: modelOf(statement),
    changes: changesOf(statement, parameters),
    ...shownBy(room, { ...one, first: method === 'row' }),
    failed: statementFailed,
    run,
  }
  return room.engine.sync.write(plan, held)
}
