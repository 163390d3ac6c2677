import {
  type BypassReason,
  CacheError,
  type Change,
  type Engine,
  type Outcome,
  type SqlDialect,
  scanSql,
  sessionMeaning,
  type Transaction,
  type WritePlan,
} from '@larder/core'
import type { Statement } from '../dialect/statement.ts'
import { type Commits, committing, createCommits } from './commits.ts'
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
  /** What SQL that no builder made may change. Throws under `unknownWrites: 'throw'`. */
  changes(statement: Statement): readonly Change[]
  /** COMMITs sent as statements of transactions. */
  readonly commits: Commits
  /** Runs SQL that no builder made, with whatever invalidation `unknownWrites` asks for. */
  run(one: RawExecution): Promise<unknown>
}

export function createRawSql(engine: Engine, dialect: SqlDialect): RawSql {
  let session: Transaction | undefined
  const commits = createCommits()
  const meaning = sessionMeaning((warning) => engine.events.emit('warning', warning))

  const write = (one: RawExecution): Promise<unknown> => {
    const { operation } = one.statement
    const plan: WritePlan<unknown> = {
      operation,
      model: undefined,
      changes: changesOf(engine, one.statement),
      failed: statementFailed,
      run: one.run,
    }
    return engine.write(plan, one.place ?? session)
  }

  /** A pool may run BEGIN on any connection: until its end is seen, the whole db stands aside. */
  const open = (): void => {
    if (session) return
    session = engine.transaction('early')
    engine.events.emit('warning', {
      code: 'raw-transaction',
      message:
        'BEGIN was sent as raw SQL: until COMMIT or ROLLBACK is, this db reads past the cache. Use db.transaction instead',
    })
  }

  /** The statement that ends the session, or the BEGIN that was refused and so began nothing. */
  const close = async (outcome: Outcome): Promise<void> => {
    const ended = session
    session = undefined
    await ended?.end(outcome)
  }

  const finish = async (run: () => Promise<unknown>): Promise<unknown> => {
    try {
      const result = await run()
      await close('committed')
      return result
    } catch (error) {
      await close(commitFailed(error) ? 'failed' : 'unknown')
      throw error
    }
  }

  /** `only`: the text is a BEGIN and nothing else, of which nothing is left where it is refused. */
  const begin = async (run: () => Promise<unknown>, only: boolean): Promise<unknown> => {
    const first = !session
    open()
    try {
      return await run()
    } catch (error) {
      // NOTE: what postgres-js calls UNSAFE_TRANSACTION is no refusal: BEGIN has run, and a connection of its pool is
      // left in a transaction.
      if (first && only && statementFailed(error)) await close('failed')
      throw error
    }
  }

  return {
    session: () => session,
    strayed: meaning.altered,
    look: ({ text }) => meaning.look(text, dialect),
    changes: (statement) =>
      statement.declared || scanSql(statement.text, dialect).writes ? changesOf(engine, statement) : [],
    commits,
    async run(one) {
      const { place, statement } = one
      const scan = scanSql(statement.text, dialect)
      const writes = scan.writes || statement.declared === true
      if (scan.kind === 'read' && !writes) return read(engine, one, scan.locks, session)
      const scoped = (): Promise<unknown> => (writes ? write(one) : one.run())
      if (place) {
        const commit = committing(statement.text, scan, dialect)
        if (commit === 'no') return scoped()
        // By hand, and Drizzle's own: the marks must be up before it.
        await place.seal()
        return commits.run(place, commit === 'plainly', scoped)
      }
      if (scan.kind === 'begin') return begin(scoped, !statement.text.includes(';') && !writes)
      return scan.kind === 'end' ? finish(scoped) : scoped()
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

/** What a raw write may have changed: the tables its template names, or what `unknownWrites` says. */
function changesOf(engine: Engine, { operation, text, changes, hidden }: Statement): readonly Change[] {
  const told = changes.map(({ table, effect }) => ({ table, effect }))
  if (told.length && !hidden) return told
  engine.events.emit('unknown-write', { operation, sql: text })
  if (engine.unknownWrites === 'throw')
    throw new CacheError(
      'LARDER_UNKNOWN_WRITE',
      `${operation} writes tables that cannot be told, and unknownWrites is 'throw': use insert, update and delete, name the tables by their objects in the template, or set unknownWrites to 'invalidate'`,
    )
  return engine.unknownWrites === 'event' ? told : engine.everything()
}
