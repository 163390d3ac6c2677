import {
  type Change,
  createStatementOrder,
  type Engine,
  type Schema,
  type StatementOrder,
  type Transaction,
} from '@larder/core/host'
import type { RawSql } from '../execute/raw.ts'
import {
  type Announcement,
  type Announcements,
  attribute,
  type WritingStatement,
} from '../transaction/announcements.ts'
import { commitFailed, statementFailed } from '../transaction/outcome.ts'
import type { StatementObserver, TransactionToken } from './adapter.ts'
import { createUnannouncedScope, type UnannouncedScope } from './unannounced-scope.ts'
import type { WrittenTables } from './written-tables.ts'

/** What observing one client's statements needs. */
export interface WatchDeps {
  readonly engine: Engine
  readonly schema: Schema
  readonly announcements: Announcements
  readonly raw: RawSql
  readonly written: (sql: string) => WrittenTables | undefined
  /** Whether all statements share one connection. */
  readonly single: boolean
}

/** One transaction of the driver. */
interface DriverTransaction {
  /** The scope of the extended client that began it; undefined: another client did, or Prisma for a nested write. */
  readonly clientScope: Transaction | undefined
  /** The operation that Prisma began it for. */
  readonly operation: Announcement | undefined
  ended: boolean
  /** A statement was rejected: MySQL and SQLite may have rolled it all back and gone on without a transaction. */
  rejected: boolean
  /** Something was written after that, which a ROLLBACK may not undo. */
  writtenAfterRejection: boolean
  /** The database has not answered a ROLLBACK that Prisma sent as a statement. */
  rollbackUnanswered: boolean
  /** Undefined: nothing was written that nobody announced, or it is over. */
  unannouncedScope: UnannouncedScope | undefined
  readonly order: StatementOrder
}

/** Warnings that are kept so as not to be repeated. */
const MOST = 1_000
const OPERATION = 'a client without the cache'

/**
 * Observes every statement that reaches a client's driver adapter, from the extended client or any other. A write that no
 * operation has announced to the cache is marked before it is sent, or before its COMMIT, and finished afterwards.
 */
export function watchWrites(deps: WatchDeps): StatementObserver {
  const transactions = new WeakMap<TransactionToken, DriverTransaction>()
  const warn = createWarnings(deps)
  const outside = deps.single ? createStatementOrder() : undefined

  const scopeOf = (watched: DriverTransaction): Transaction => {
    if (watched.clientScope) return watched.clientScope
    watched.unannouncedScope ??= createUnannouncedScope(deps.engine)
    return watched.unannouncedScope.written()
  }
  const end = async <T>(token: TransactionToken, send: () => Promise<T>, commits: boolean): Promise<T> => {
    const watched = transactions.get(token)
    if (!watched || watched.ended) return send()
    watched.ended = true
    const { unannouncedScope, clientScope } = watched
    if (unannouncedScope) return endUnannounced(watched, unannouncedScope, send, commits)
    const result = await send()
    if (clientScope && !commits && !watched.rollbackUnanswered) deps.announcements.rolledBack(clientScope)
    return result
  }
  return {
    begin(token) {
      const clientScope = deps.announcements.takeBeginning()
      const operation = clientScope ? undefined : deps.announcements.current()
      transactions.set(token, {
        clientScope,
        operation,
        unannouncedScope: undefined,
        ended: false,
        rejected: false,
        writtenAfterRejection: false,
        rollbackUnanswered: false,
        order: createStatementOrder(),
      })
    },
    statement(sql, token, send) {
      const watched = token && transactions.get(token)
      const turn = (watched?.order ?? outside)?.enter()
      const noted = noting(watched, send)
      const inTurn = turn ? () => turn.send(noted) : noted
      const written = deps.written(sql)
      if (watched && sql === 'ROLLBACK') return rollingBack(watched, inTurn)
      if (!written) return inTurn()
      const announced = announcedIn(deps, watched)
      const statement = { sql, tables: written.tables }
      if (attribute(announced, statement)) return inTurn()
      warn(statement, announced)
      const scope = watched && !watched.ended ? scopeOf(watched) : undefined
      if (watched?.rejected) watched.writtenAfterRejection = true
      const sent = invalidating(deps, sql, written, scope, inTurn)
      return turn ? sent.finally(turn.leave) : sent
    },
    commit: (token, send) => end(token, send, true),
    rollback: (token, send) => end(token, send, false),
  }
}

/** Sends a COMMIT or ROLLBACK with marks around it. */
async function endUnannounced<T>(
  watched: DriverTransaction,
  scope: UnannouncedScope,
  send: () => Promise<T>,
  commits: boolean,
): Promise<T> {
  try {
    await watched.order.sent()
    if (commits) await scope.seal()
    const result = await send()
    const undone = !commits && !watched.writtenAfterRejection
    await scope.end(undone ? 'failed' : watched.rollbackUnanswered ? 'unknown' : 'committed')
    return result
  } catch (error) {
    // Whatever becomes of a ROLLBACK, no COMMIT was sent.
    const failed = !commits || scope.refusal() || commitFailed(error)
    await scope.end(failed && !watched.writtenAfterRejection ? 'failed' : 'unknown')
    throw error
  }
}

/** Notes in `watched` that the statement was rejected, if it is. */
function noting<T>(watched: DriverTransaction | undefined, send: () => Promise<T>): () => Promise<T> {
  if (!watched) return send
  return () => {
    const sent = send()
    sent.catch(() => {
      watched.rejected = true
    })
    return sent
  }
}

/** SQLite refuses a ROLLBACK where an error has ended the transaction already: that is an answer, too. */
async function rollingBack<T>(watched: DriverTransaction, send: () => Promise<T>): Promise<T> {
  watched.rollbackUnanswered = true
  try {
    const result = await send()
    watched.rollbackUnanswered = false
    return result
  } catch (error) {
    const { cause } = (error ?? {}) as { readonly cause?: { readonly kind?: unknown } }
    if (cause?.kind === 'sqlite') watched.rollbackUnanswered = false
    throw error
  }
}

/** What may have announced a statement of this transaction, or of none. */
function announcedIn(
  { announcements }: WatchDeps,
  watched: DriverTransaction | undefined,
): readonly Announcement[] {
  if (watched?.clientScope) return announcements.inside(watched.clientScope)
  const announcement = watched ? watched.operation : announcements.current()
  return announcement ? [announcement] : []
}

function invalidating<T>(
  { engine, raw, schema }: WatchDeps,
  sql: string,
  { scan, tables }: WrittenTables,
  scope: Transaction | undefined,
  send: () => Promise<T>,
): Promise<T> {
  if (tables?.every((table) => schema.tables.has(table))) {
    const changes = tables.map((table): Change => ({ table, effect: 'unknown' }))
    const plan = { operation: OPERATION, model: undefined, changes, failed: statementFailed, run: send }
    return engine.write(plan, scope ?? raw.session.transaction)
  }
  const args = [sql]
  raw.inspect(args)
  return raw.run({ operation: OPERATION, args, scan, immediate: scope !== undefined }, scope, send)
}

/** Warns once for each operation and set of tables. */
function createWarnings({ engine, announcements }: WatchDeps) {
  const warned = new Set<string>()
  return (statement: WritingStatement, announced: readonly Announcement[]): void => {
    const { sql, tables } = statement
    // An operation that has sent all its statements did not send this one.
    const [operation] = announced
      .filter(({ writes, statementsLeft }) => 'tables' in writes && statementsLeft !== 0)
      .map((announcement) => announcement.operation)
    // Prisma may send an announced operation from a context that cannot be attributed to it.
    if (!operation && announcements.anywhere(statement)) return
    const written = tables?.join(', ') ?? 'by raw SQL'
    const key = `${operation}: ${written}`
    if (warned.has(key)) return
    if (warned.size >= MOST) warned.clear()
    warned.add(key)
    const what = tables ? written : `tables by raw SQL (${sql.slice(0, 80)})`
    engine.events.emit(
      'warning',
      operation
        ? {
            code: 'unannounced-write',
            message: `${operation} wrote ${what}, which Larder did not expect: cached reads of it were invalidated. Nothing is stale, but this is a bug in Larder: please report the operation and its arguments`,
          }
        : {
            code: 'unseen-write',
            message: `a client without the cache wrote ${what}: every cached read of it was invalidated. Either an extension writes through the client it was put on, or code still holds the client that you extended. Let both write through the extended client`,
          },
    )
  }
}
