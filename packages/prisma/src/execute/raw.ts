import {
  type Change,
  createRawSession,
  createSessionState,
  type Engine,
  endsTransaction,
  type RawSession,
  type RawWrite,
  type SessionState,
  type SqlDialect,
  type SqlScan,
  scanSql,
  type Transaction,
  volatileSql,
} from '@larder/core/host'
import { commitFailed, statementFailed } from '../transaction/outcome.ts'
import type { Transactions } from '../transaction/transaction.ts'

/** Raw SQL of one client: what a statement is, and the session that BEGIN opens outside Prisma's own transactions. */
export interface RawSql {
  /** What the SQL text of a raw operation's arguments does. */
  scan(args: unknown): SqlScan
  /** What in the text can change the result without a write, such as `now()`. Undefined: nothing. */
  changing(args: unknown): string | undefined
  /** Has the scope of an open raw BEGIN. Every statement of the client belongs to it. */
  readonly session: Pick<RawSession, 'transaction'>
  /** Altered once raw SQL has changed the session of a connection. The client then caches nothing any more. */
  readonly settings: Pick<SessionState, 'altered'>
  /** Checks whether a raw operation changes its session. Call it before the operation runs. */
  inspect(args: unknown): void
  /**
   * Runs a raw statement that is not a plain read. It invalidates the tables that are declared, that its text shows, or that
   * `unknownWrites` asks for.
   */
  run<T>(statement: RawStatement, scope: Transaction | undefined, run: () => Promise<T>): Promise<T>
}

/** One raw operation. */
export interface RawStatement {
  readonly operation: string
  readonly args: unknown
  readonly scan: SqlScan
  /** True: nothing may be awaited before the statement is sent, or later statements would overtake it. */
  readonly immediate: boolean
  /** The declared writes. Undefined: none were declared. */
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

/** True if PostgreSQL's parser fits the server. CockroachDB has keywords of its own. */
export function isPostgres(provider: string): boolean {
  return provider === 'postgresql' || provider === 'postgres'
}

export function createRawSql(engine: Engine, provider: string, transactions: Transactions): RawSql {
  const dialect = dialectOf(provider)
  const advice = 'this client bypasses the cache. Use $transaction instead'
  const session = createRawSession(engine, { advice, statementFailed, commitFailed })
  const settings = createSessionState((warning) => engine.events.emit('warning', warning))

  const undeclared = ({ operation, args }: RawStatement): RawWrite => ({
    operation,
    text: textOf(args, (index) => `$${index}`),
    shown: textOf(args),
    instead: "use the model's own operations",
  })

  const write = async <T>(
    statement: RawStatement,
    scope: Transaction | undefined,
    run: () => Promise<T>,
  ): Promise<T> => {
    const changes =
      statement.writes ??
      (statement.immediate ? engine.raw.now(undeclared(statement)) : undefined) ??
      (await engine.raw.of(undeclared(statement)))
    const plan = { operation: statement.operation, model: undefined, changes, failed: statementFailed, run }
    return engine.write(plan, scope ?? session.transaction)
  }

  return {
    scan: (args) => scanSql(textOf(args), dialect),
    changing: (args) => volatileSql(textOf(args), dialect),
    session,
    settings,
    inspect: (args) => settings.inspect(textOf(args), dialect ?? 'postgres'),
    async run<T>(statement: RawStatement, scope: Transaction | undefined, run: () => Promise<T>): Promise<T> {
      const { scan, args } = statement
      const text = textOf(args)
      const writes = scan.writes || statement.writes !== undefined
      if (!writes) engine.noteOpaqueRead(statement.operation)
      // This statement may end Prisma's transaction, so its marks must be set before it. Later statements may commit by
      // themselves.
      if (scope && (scan.kind === 'end' || endsTransaction(text, scan, dialect) !== 'no'))
        await transactions.sealAll(scope)
      const scoped = (): Promise<T> => (writes ? write(statement, scope, run) : run())
      if (!scope && scan.kind === 'begin') return session.begin(scoped, !writes && !text.includes(';'))
      return !scope && scan.kind === 'end' ? session.end(scoped) : scoped()
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

/** Everything that distinguishes two raw statements. The parts of a template stay apart, because joined they may be equal. */
export function textAndValues(args: unknown): readonly unknown[] {
  if (Array.isArray(args)) return args
  const { sql, strings, values } = (args ?? {}) as { sql?: unknown; strings?: unknown; values?: unknown }
  return [strings ?? sql, values]
}
