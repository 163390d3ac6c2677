import {
  type Change,
  createRawSession,
  type Engine,
  endsTransaction,
  type RawWrite,
  type SqlDialect,
  type SqlScan,
  scanSql,
  sessionFingerprint,
  type Transaction,
  volatileSql,
} from '@larder/core/host'
import { commitFailed, statementFailed } from '../transaction/outcome.ts'
import type { Transactions } from '../transaction/transaction.ts'

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
  /**
   * Runs a raw statement that is not a plain read, with the invalidation that it declares, that its text shows, or that
   * `unknownWrites` asks for.
   */
  run<T>(statement: RawStatement, place: Transaction | undefined, run: () => Promise<T>): Promise<T>
}

/** One raw operation. */
export interface RawStatement {
  readonly operation: string
  readonly args: unknown
  readonly scan: SqlScan
  /** True: nothing may be awaited before it is sent, or statements called after it would overtake it. */
  readonly hurried: boolean
  /** What it is declared to write; undefined: nobody said. */
  readonly writes?: readonly Change[]
}

const DIALECTS: Readonly<Record<string, SqlDialect>> = {
  postgresql: 'postgres',
  postgres: 'postgres',
  cockroachdb: 'postgres',
  mysql: 'mysql',
  sqlite: 'sqlite',
}

export function dialectOf(provider: string): SqlDialect | undefined {
  return DIALECTS[provider]
}

/** True where the parser of PostgreSQL reads what the server reads: CockroachDB has words of its own. */
export function isPostgres(provider: string): boolean {
  return provider === 'postgresql' || provider === 'postgres'
}

export function createRawSql(engine: Engine, provider: string, transactions: Transactions): RawSql {
  const dialect = dialectOf(provider)
  const advice = 'this client reads past the cache. Use $transaction instead'
  const session = createRawSession(engine, { advice, statementFailed, commitFailed })
  const meaning = sessionFingerprint((warning) => engine.events.emit('warning', warning))

  const undeclared = ({ operation, args }: RawStatement): RawWrite => ({
    operation,
    text: textOf(args, (index) => `$${index}`),
    shown: textOf(args),
    instead: "use the model's own operations",
  })

  const write = async <T>(
    statement: RawStatement,
    place: Transaction | undefined,
    run: () => Promise<T>,
  ): Promise<T> => {
    const changes =
      statement.writes ??
      (statement.hurried ? engine.raw.now(undeclared(statement)) : undefined) ??
      (await engine.raw.of(undeclared(statement)))
    const plan = { operation: statement.operation, model: undefined, changes, failed: statementFailed, run }
    return engine.write(plan, place ?? session.current())
  }

  return {
    scan: (args) => scanSql(textOf(args), dialect),
    changing: (args) => volatileSql(textOf(args), dialect),
    session: session.current,
    strayed: meaning.altered,
    look: (args) => meaning.look(textOf(args), dialect ?? 'postgres'),
    async run<T>(statement: RawStatement, place: Transaction | undefined, run: () => Promise<T>): Promise<T> {
      const { scan, args } = statement
      const text = textOf(args)
      const writes = scan.writes || statement.writes !== undefined
      // By hand, inside Prisma's transaction: the marks must be up before it, and from then on every statement may commit
      // by itself.
      if (place && (scan.kind === 'end' || endsTransaction(text, scan, dialect) !== 'no'))
        await transactions.broken(place)
      const scoped = (): Promise<T> => (writes ? write(statement, place, run) : run())
      if (!place && scan.kind === 'begin') return session.begin(scoped, !writes && !text.includes(';'))
      return !place && scan.kind === 'end' ? session.end(scoped) : scoped()
    },
  }
}

/** The text of a raw operation's arguments: a template's parts, or the string given to an `…Unsafe` form. */
function textOf(args: unknown, value: (index: number) => string = () => '?'): string {
  if (Array.isArray(args)) return String(args[0])
  const { sql, strings } = (args ?? {}) as { sql?: unknown; strings?: unknown }
  if (Array.isArray(strings)) return strings.reduce((text, part, index) => `${text}${value(index)}${part}`)
  return typeof sql === 'string' ? sql : ''
}

/** The text as the driver gets it, whichever way its dialect writes a value. */
export function sentTexts(args: unknown): readonly string[] {
  return [textOf(args), textOf(args, (index) => `$${index}`)]
}

/** All that tells one raw statement from another. A template stays in its parts: joined, two could become one. */
export function textAndValues(args: unknown): readonly unknown[] {
  if (Array.isArray(args)) return args
  const { sql, strings, values } = (args ?? {}) as { sql?: unknown; strings?: unknown; values?: unknown }
  return [strings ?? sql, values]
}
