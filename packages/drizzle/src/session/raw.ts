import {
  type BypassReason,
  type Change,
  committing,
  createRawSession,
  type Engine,
  type SqlDialect,
  type SqlScan,
  scanSql,
  sessionMeaning,
  type Transaction,
} from '@larder/core'
import type { Statement } from '../dialect/statement.ts'
import { type Commits, createCommits } from './commits.ts'
import { commitFailed, statementFailed } from './outcome.ts'

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
  const meaning = sessionMeaning((warning) => engine.events.emit('warning', warning))

  const write = async ({ statement, place, run }: RawExecution): Promise<unknown> => {
    const { operation } = statement
    const changes = told(statement) ?? [...named(statement), ...(await engine.raw.of(untold(statement)))]
    const plan = { operation, model: undefined, changes, failed: statementFailed, run }
    return engine.write(plan, place ?? session.current())
  }

  const inside = async (
    place: Transaction,
    text: string,
    scan: SqlScan,
    run: () => Promise<unknown>,
  ): Promise<unknown> => {
    const commit = committing(text, scan, dialect)
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
    strayed: meaning.altered,
    look: ({ text }) => meaning.look(text, dialect),
    changes(statement) {
      if (!statement.declared && !scanSql(statement.text, dialect).writes) return []
      return (
        told(statement) ?? [
          ...named(statement),
          ...(engine.raw.now(untold(statement)) ?? engine.everything()),
        ]
      )
    },
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

/** The tables that a raw write's template or its caller names. */
function named({ changes }: Statement): readonly Change[] {
  return changes.map(({ table, effect }) => ({ table, effect }))
}

/** All it may have changed, where the template or the caller says so. */
function told(statement: Statement): readonly Change[] | undefined {
  return statement.changes.length && !statement.hidden ? named(statement) : undefined
}

function untold({ operation, text }: Statement) {
  const instead = 'use insert, update and delete, name the tables by their objects in the template'
  return { operation, text, instead }
}
