import {
  createRawSession,
  createSessionState,
  type Engine,
  endsTransaction,
  type RawSession,
  type SessionState,
  type SqlDialect,
  type SqlScan,
  scanSql,
  type Transaction,
} from '@larder/core/host'
import type { Statement } from '../analysis/statement.ts'
import { undeclaredRead } from './bypass.ts'
import { type Commits, createCommits } from './commits.ts'
import { commitFailed, statementFailed } from './outcome.ts'
import { createRawChangesFinder, planRawWrite, type RawChangesFinder } from './raw-changes.ts'

/** One call of a raw statement. */
export interface RawExecution {
  readonly statement: Statement
  readonly transaction: Transaction | undefined
  run(): Promise<unknown>
}

/** The raw SQL of one db, and the session that a raw BEGIN opens outside Drizzle's own transactions. */
export interface RawSql {
  /** Has the transaction of a raw BEGIN without its COMMIT. Everything on this db belongs to it. */
  readonly session: Pick<RawSession, 'transaction'>
  /** Altered once the same statement may mean something else on a connection of the db. Nothing is cached from then on. */
  readonly settings: Pick<SessionState, 'altered'>
  /** Registers what raw SQL does to its session. Call it before the statement runs. */
  inspect(statement: Statement): void
  readonly changes: RawChangesFinder
  /** COMMITs that are sent as statements of transactions. */
  readonly commits: Commits
  /** Runs SQL that no builder produced, and invalidates the tables it writes. */
  run(execution: RawExecution): Promise<unknown>
}

export function createRawSql(engine: Engine, dialect: SqlDialect): RawSql {
  const advice = 'this db bypasses the cache. Use db.transaction instead'
  const session = createRawSession(engine, { advice, statementFailed, commitFailed })
  const commits = createCommits()
  const settings = createSessionState((warning) => engine.events.emit('warning', warning))
  const changes = createRawChangesFinder(engine, dialect)

  const write = async ({ statement, transaction, run }: RawExecution): Promise<unknown> => {
    const enclosing = transaction ?? session.transaction
    const parsing = changes.find(statement, enclosing !== undefined)
    const written = parsing instanceof Promise ? await parsing : parsing
    return engine.write({ ...planRawWrite(statement, written), run }, enclosing)
  }

  const runInTransaction = async (
    transaction: Transaction,
    text: string,
    scan: SqlScan,
    run: () => Promise<unknown>,
  ): Promise<unknown> => {
    const commit = endsTransaction(text, scan, dialect)
    const rollback = commit === 'no' && scan.kind === 'end' && !commits.hasEndedBody(transaction)
    if (commit === 'no' && !rollback) return run()
    // Before a COMMIT, by hand or Drizzle's own, all marks must be in the store.
    await transaction.seal()
    // After a ROLLBACK by hand every statement commits by itself.
    if (rollback) commits.markImplicit(transaction)
    return rollback ? run() : commits.run(transaction, commit === 'plainly', run)
  }

  return {
    session,
    settings,
    inspect: ({ text }) => settings.inspect(text, dialect),
    changes,
    commits,
    async run(execution) {
      const { transaction, statement, run } = execution
      const scan = scanSql(statement.text, dialect)
      const writes = scan.writes || statement.declared === true
      if (scan.kind === 'read' && !writes) {
        const { plan } = undeclaredRead(statement, scan, (transaction ?? session.transaction) !== undefined)
        return engine.read({ ...plan, run })
      }
      if (!writes) engine.noteOpaqueRead(statement.operation)
      const invalidating = (): Promise<unknown> => (writes ? write(execution) : run())
      if (transaction) return runInTransaction(transaction, statement.text, scan, invalidating)
      if (scan.kind === 'begin') return session.begin(invalidating, !statement.text.includes(';') && !writes)
      return scan.kind === 'end' ? session.end(invalidating) : invalidating()
    },
  }
}
