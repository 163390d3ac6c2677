import type { Turn } from '@larder/core/host'
import type { Query } from 'drizzle-orm'
import type { SqlConfigs } from '../analysis/sql-configs.ts'
import { type Statement, textKey, withDeclaredWrites } from '../analysis/statement.ts'
import { createObjectMetadata } from '../base/object-metadata.ts'
import { ownValue } from '../base/own-value.ts'
import type { Execution } from '../execute/execution.ts'
import { rawResultCodec } from '../execute/raw-read.ts'
import { runStatement } from '../execute/run.ts'
import type { StatementDeps } from '../execute/statement-deps.ts'
import type { StatementContext } from '../order/statement-context.ts'
import type { CallPolicy } from '../policy/policies.ts'
import { policyOfWithCache, type WithCache } from '../policy/with-cache.ts'
import { watchSyncStatement } from '../sync/statement.ts'
import { countStatement } from '../versions/count.ts'
import type { PreparedParts, SessionParts, SyncConnection } from '../versions/parts.ts'
import type { PreparedOptions, Version } from '../versions/version.ts'
import type { AnalysingDialect } from './analysing-dialect.ts'
import { watchIterator } from './iterator.ts'

/** What a session needs besides what its statements need. */
export interface SessionDeps extends StatementDeps {
  readonly version: Version
  readonly analysing: AnalysingDialect
  readonly configs: SqlConfigs
  /** Of a synchronous driver. */
  readonly connection: SyncConnection | undefined
}

/** A query that a watched session has prepared. */
export interface PreparedStatement {
  readonly statement: Statement
  readonly options: PreparedOptions
  readonly callPolicy: CallPolicy | undefined
}

const preparedStatements = createObjectMetadata<PreparedParts, PreparedStatement>()
const declaredWrites = createObjectMetadata<SessionParts, readonly string[]>()

/** Undefined for a query that no watched session has prepared. */
export function preparedStatementOf(prepared: PreparedParts): PreparedStatement | undefined {
  return preparedStatements.get(prepared)
}

/** A view over a watched session whose statements also write `tables`. */
export function withWritesTo(session: SessionParts, tables: readonly string[]): SessionParts {
  const view = Object.create(session) as SessionParts
  declaredWrites.set(view, tables)
  return view
}

/**
 * Makes the queries that `session` prepares from now on go through the engine. The session must be Larder's own: a view
 * over the user's, or one that a transaction has created.
 */
export function watchSession(
  deps: SessionDeps,
  session: SessionParts,
  callPolicy: CallPolicy | undefined,
  context: StatementContext,
): void {
  const { prepareQuery, count } = session
  session.prepareQuery = function (this: SessionParts, ...parameters: unknown[]): PreparedParts {
    const prepared = prepareQuery.apply(this, parameters)
    const query = parameters[0] as Query
    const analysed = deps.analysing.statementOf(query) ?? unknownStatement(query)
    const writes = declaredWrites.get(this) ?? (callPolicy ? callPolicy.writes : undefined)
    const statement = writes?.length ? withDeclaredWrites(analysed, writes) : analysed
    const options = deps.version.preparedOptions(parameters, deps.dialect, deps.analysing.configOf(query))
    preparedStatements.set(prepared, { statement, options, callPolicy })
    const merged = mergePolicies(callPolicy, options.withCache)
    if (deps.connection)
      watchSyncStatement(deps, deps.connection, prepared, statement, options.fields, merged)
    else watchPrepared(deps, prepared, statement, options, merged, context)
    return prepared
  }
  if (!count) return
  session.count = function (this: SessionParts, sql: unknown, token?: unknown): Promise<unknown> {
    const config = countStatement(sql as never)
    if (config) deps.configs.set(sql as never, config)
    return count.call(this, sql, token)
  }
}

/** The options of a query take precedence over those of its db. */
function mergePolicies(
  callPolicy: CallPolicy | undefined,
  withCache: WithCache | undefined,
): CallPolicy | undefined {
  const queryPolicy = withCache && policyOfWithCache(withCache)
  if (!queryPolicy || !callPolicy) return queryPolicy ?? callPolicy
  const tags = [...(callPolicy.tags ?? []), ...(queryPolicy.tags ?? [])]
  return { ...callPolicy, ...queryPolicy, ...(tags.length && { tags }) }
}

/** A query that another dialect has built counts as raw SQL. */
function unknownStatement(query: Query): Statement {
  return {
    text: query.sql,
    key: textKey(query.sql),
    kind: 'raw',
    operation: 'sql.execute',
    model: undefined,
    locks: false,
    opaque: 'SQL of another dialect',
    occurrences: [],
    modelFirst: false,
    changes: [],
    ownChanges: 0,
  }
}

function watchPrepared(
  deps: SessionDeps,
  prepared: PreparedParts,
  statement: Statement,
  { fields, mapped }: PreparedOptions,
  callPolicy: CallPolicy | undefined,
  context: StatementContext,
): void {
  deps.version.disableFastPath(prepared)
  const { queryWithCache, iterator } = prepared
  if (!queryWithCache) return
  if (iterator) watchIterator(prepared, iterator, statement, context, deps.engine)
  const isCount = statement.operation.endsWith('.$count')
  const shape = mapped ? 'rows' : isCount ? 'count' : 'result'
  const entryName = `${shape} ${statement.key}`
  const calledMethod = watchMethods(deps, prepared, statement)
  prepared.queryWithCache = (text, parameters, ...rest) => {
    const [method] = rest as readonly unknown[]
    const called = calledMethod()
    // Drizzle builds the list for this call, and sends it.
    ownValues(parameters)
    // Drizzle's own method, with its cache disabled, wraps errors.
    const query = (): Promise<unknown> => queryWithCache.call(prepared, text, parameters, ...rest)
    const work = (turn: Turn | undefined): Promise<unknown> => {
      const { transaction } = context
      const execution: Execution = {
        statement,
        entryName,
        parameters,
        shape: method === 'run' || (shape === 'rows' && called === 'values') ? 'result' : shape,
        fields,
        rawCodec: called === 'all' ? rawResultCodec : undefined,
        callPolicy,
        transaction,
        inTransaction: transaction !== undefined,
        firstRowOnly: method === 'get',
        isIdle: () => context.transaction === undefined,
        run: turn ? () => turn.send(query) : query,
        leave: turn?.leave,
      }
      return method === 'get' ? runForFirstRow(deps, execution) : runStatement(deps, execution)
    }
    return context.run ? context.run(statement, work) : work(undefined)
  }
}

type Method = 'all' | 'get' | 'values'
type PreparedMethods = Partial<Record<Method, (...parameters: unknown[]) => unknown>>
const METHODS: readonly Method[] = ['all', 'get', 'values']

/**
 * In SQLite the method that the user calls decides the form of the rows, and one method may call another. Returns a function
 * that returns the method that the user has called, during the call of `queryWithCache`.
 */
function watchMethods(
  { dialect, version }: SessionDeps,
  prepared: PreparedParts,
  { kind }: Statement,
): () => Method | undefined {
  if (dialect !== 'sqlite' || kind === 'write' || (kind === 'read' && !version.valuesReturnsDriverRows))
    return notWatched
  const methods = prepared as PreparedMethods
  let called: Method | undefined
  for (const name of METHODS) {
    const method = methods[name]
    if (!method) continue
    methods[name] = (...parameters) => {
      if (called) return method.apply(prepared, parameters)
      called = name
      // Drizzle calls `queryWithCache` before its first await.
      try {
        return method.apply(prepared, parameters)
      } finally {
        called = undefined
      }
    }
  }
  return () => called
}

/** Where the method does not matter, it counts as the one whose rows are plain. */
const notWatched = (): Method => 'all'

async function runForFirstRow(deps: SessionDeps, execution: Execution): Promise<unknown> {
  const run = async () => listOf(await execution.run())
  const result = await runStatement(deps, { ...execution, run })
  return (result as readonly unknown[])[0]
}

/** `get` in SQLite of 1.0 returns one row or none. */
function listOf(row: unknown): readonly unknown[] {
  return row === undefined || row === null ? [] : [row]
}

/**
 * Replaces parameters that their owner may still change by copies, in the list itself. A statement may wait for the store,
 * and must be sent as it was called.
 */
export function ownValues(parameters: unknown[]): void {
  for (let index = 0; index < parameters.length; index++) {
    const value = parameters[index]
    if (typeof value === 'object' && value !== null) parameters[index] = ownValue(value)
  }
}
