import {
  CacheError,
  type Change,
  changingSql,
  type Engine,
  type Outcome,
  type SqlScan,
  scanSql,
  sessionMeaning,
  type Transaction,
  type WritePlan,
} from '@larder/core'

/** Raw SQL of one client: what a statement is, and the session that BEGIN opens outside Prisma's own transactions. */
export interface RawSql {
  /** What the SQL text of a raw operation's arguments does. */
  scan(args: unknown): SqlScan
  /** What in the text could change the result without a write; undefined: nothing. */
  changing(args: unknown): string | undefined
  /** The scope of a raw BEGIN that has not seen its COMMIT: everything on this client belongs to it. */
  session(): Transaction | undefined
  /** True once some connection of the client may mean something else by the same statement: nothing is cached then. */
  strayed(): boolean
  /** Notes what a raw operation does to its session; before it runs. */
  look(args: unknown): void
  /** Runs a raw statement that is not a plain read, with the invalidation that it declares, or `unknownWrites` asks for. */
  run<T>(statement: RawStatement, place: Transaction | undefined, run: () => Promise<T>): Promise<T>
}

/** One raw operation. */
export interface RawStatement {
  readonly operation: string
  readonly args: unknown
  readonly scan: SqlScan
  /** What it is declared to write; undefined: nobody said. */
  readonly writes?: readonly Change[]
}

type Dialect = 'postgres' | 'mysql' | 'sqlite'

const DIALECTS: Readonly<Record<string, Dialect>> = {
  postgresql: 'postgres',
  postgres: 'postgres',
  cockroachdb: 'postgres',
  mysql: 'mysql',
  sqlite: 'sqlite',
}

export function createRawSql(engine: Engine, provider: string, failed: (error: unknown) => boolean): RawSql {
  let session: Transaction | undefined
  const meaning = sessionMeaning((warning) => engine.events.emit('warning', warning))

  const write = <T>(
    { operation, args, writes }: RawStatement,
    scope: Transaction | undefined,
    run: () => Promise<T>,
  ): Promise<T> => {
    if (writes) return engine.write({ operation, model: undefined, changes: writes, failed, run }, scope)
    const sql = textOf(args)
    engine.events.emit('unknown-write', { operation, sql })
    if (engine.unknownWrites === 'throw')
      throw new CacheError(
        'LARDER_UNKNOWN_WRITE',
        `${operation} writes tables that cannot be told, and unknownWrites is 'throw': use the model's own operations, or set unknownWrites to 'invalidate'`,
      )
    const changes: readonly Change[] = engine.unknownWrites === 'event' ? [] : engine.everything()
    const plan: WritePlan<T> = { operation, model: undefined, changes, failed, run }
    return engine.write(plan, scope)
  }

  /** A pool may run BEGIN on any connection: until its end is seen, the whole client stands aside. */
  const open = (): void => {
    if (session) return
    session = engine.transaction('early')
    engine.events.emit('warning', {
      code: 'raw-transaction',
      message:
        'BEGIN was sent as raw SQL: until COMMIT or ROLLBACK is, this client reads past the cache. Use $transaction instead',
    })
  }

  /** The statement that ends the session, or the BEGIN that was refused and so began nothing. */
  const close = async (outcome: Outcome): Promise<void> => {
    const ended = session
    session = undefined
    await ended?.end(outcome)
  }

  const finish = async <T>(run: () => Promise<T>): Promise<T> => {
    try {
      const result = await run()
      await close('committed')
      return result
    } catch (error) {
      await close(failed(error) ? 'failed' : 'unknown')
      throw error
    }
  }

  const begin = async <T>(run: () => Promise<T>): Promise<T> => {
    const first = !session
    open()
    try {
      return await run()
    } catch (error) {
      if (first && failed(error)) await close('failed')
      throw error
    }
  }

  return {
    scan: (args) => scanSql(textOf(args), DIALECTS[provider]),
    changing: (args) => changingSql(textOf(args), DIALECTS[provider]),
    session: () => session,
    strayed: meaning.altered,
    look: (args) => meaning.look(textOf(args), DIALECTS[provider] ?? 'postgres'),
    async run<T>(statement: RawStatement, place: Transaction | undefined, run: () => Promise<T>): Promise<T> {
      const { scan, writes } = statement
      // COMMIT by hand inside Prisma's transaction: the marks must be up before it.
      if (place && scan.kind === 'end') await place.seal()
      const scoped = (): Promise<T> =>
        scan.writes || writes ? write(statement, place ?? session, run) : run()
      if (!place && scan.kind === 'begin') return begin(scoped)
      return !place && scan.kind === 'end' ? finish(scoped) : scoped()
    },
  }
}

/** The text of a raw operation's arguments: a template's parts, or the string given to an `…Unsafe` form. */
function textOf(args: unknown): string {
  if (Array.isArray(args)) return String(args[0])
  const { sql, strings } = (args ?? {}) as { sql?: unknown; strings?: unknown }
  if (Array.isArray(strings)) return strings.join('?')
  return typeof sql === 'string' ? sql : ''
}

/** All that tells one raw statement from another. A template stays in its parts: joined, two could become one. */
export function textAndValues(args: unknown): readonly unknown[] {
  if (Array.isArray(args)) return args
  const { sql, strings, values } = (args ?? {}) as { sql?: unknown; strings?: unknown; values?: unknown }
  return [strings ?? sql, values]
}
