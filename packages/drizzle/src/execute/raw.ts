import type { BypassReason } from '@larder/core'
import {
  type Change,
  createRawSession,
  type Engine,
  endsTransaction,
  type SqlDialect,
  type SqlScan,
  scanSql,
  sessionFingerprint,
  type Transaction,
} from '@larder/core/host'
import type { Statement } from '../analysis/statement.ts'
import { type Commits, createCommits } from './commits.ts'
import { commitFailed, statementFailed } from './outcome.ts'
import { createRawStatementChanges } from './raw-changes.ts'

/** What raw SQL needs of one execution. */
export interface RawExecution {
  readonly statement: Statement
  readonly place: Transaction | undefined
  run(): Promise<unknown>
}

/** Raw SQL of one db: what a statement is, and the session that BEGIN opens outside Drizzle's own transactions. */
export interface RawSql {
  /** The scope of a raw BEGIN that has not seen its COMMIT: everything on this db belongs to it. */
  session(): Transaction | undefined
  /** True once some connection of the db may mean something else by the same statement: nothing is cached from then on. */
  strayed(): boolean
  /** True while a write outside transactions waits for the parser: its tables are not marked yet. */
  parsing(): boolean
  /** Notes what raw SQL does to its session; before it runs. */
  look(statement: Statement): void
  /** What SQL that no builder made may change, without the parser. Throws under `unknownWrites: 'throw'`. */
  changes(statement: Statement): readonly Change[]
  /** COMMITs sent as statements of transactions. */
  readonly commits: Commits
  /** Runs SQL that no builder made, with the invalidation that it shows, or that `unknownWrites` asks for. */
  run(one: RawExecution): Promise<unknown>
}

export function createRawSql(engine: Engine, dialect: SqlDialect): RawSql {
  const advice = 'this db reads past the cache. Use db.transaction instead'
  const session = createRawSession(engine, { advice, statementFailed, commitFailed })
  const commits = createCommits()
  const meaning = sessionFingerprint((warning) => engine.events.emit('warning', warning))
  const changes = createRawStatementChanges(engine, dialect)

  const write = async ({ statement, place, run }: RawExecution): Promise<unknown> => {
    const { operation } = statement
    const scope = place ?? session.current()
    const found = changes.of(statement, scope !== undefined)
    const written = found instanceof Promise ? await found : found
    const plan = { operation, model: undefined, changes: written, failed: statementFailed, run }
    return engine.write(plan, scope)
  }

  const inside = async (
    place: Transaction,
    text: string,
    scan: SqlScan,
    run: () => Promise<unknown>,
  ): Promise<unknown> => {
    const commit = endsTransaction(text, scan, dialect)
    const rollback = commit === 'no' && scan.kind === 'end' && !commits.isBodyOver(place)
    if (commit === 'no' && !rollback) return run()
    // By hand, and Drizzle's own: the marks must be up before it.
    await place.seal()
    // After a ROLLBACK by hand every statement commits by itself.
    if (rollback) commits.broken(place)
    return rollback ? run() : commits.run(place, commit === 'plainly', run)
  }

  return {
    session: session.current,
    parsing: changes.parsing,
    strayed: meaning.altered,
    look: ({ text }) => meaning.look(text, dialect),
    changes: changes.now,
    commits,
    async run(one) {
      const { place, statement } = one
      const scan = scanSql(statement.text, dialect)
      const writes = scan.writes || statement.declared === true
      if (scan.kind === 'read' && !writes) return read(engine, one, scan.locks, session.current())
      const scoped = (): Promise<unknown> => (writes ? write(one) : one.run())
      if (place) return inside(place, statement.text, scan, scoped)
      if (scan.kind === 'begin') return session.begin(scoped, !statement.text.includes(';') && !writes)
      return scan.kind === 'end' ? session.end(scoped) : scoped()
    },
  }
}

function read(
  engine: Engine,
  { statement, place, run }: RawExecution,
  locks: boolean,
  session: Transaction | undefined,
): Promise<unknown> {
  const bypass: BypassReason = locks ? 'lock' : (place ?? session) ? 'transaction' : 'no-policy'
  const plan = { operation: statement.operation, model: 'raw', policy: undefined, bypass, query: undefined }
  return engine.read({ ...plan, occurrences: [], severalStatements: false, run })
}
