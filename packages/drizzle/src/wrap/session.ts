import type { Turn } from '@larder/core/host'
import type { Query } from 'drizzle-orm'
import { declaring, keyOf, type Statement } from '../analysis/statement.ts'
import { createNotes } from '../base/object-metadata.ts'
import type { Execution, StatementRoom } from '../execute/execution.ts'
import { runStatement } from '../execute/run.ts'
import type { Place } from '../order/statement-context.ts'
import type { CallPolicy } from '../policy/policies.ts'
import { policyOfWithCache } from '../policy/with-cache.ts'
import { watchAtOnce } from '../sync/statement.ts'
import type { BuiltSql } from '../versions/builder-config.ts'
import { countStatement } from '../versions/count.ts'
import type { Connection, PreparedParts, SessionParts } from '../versions/parts.ts'
import type { Preparation, Version } from '../versions/version.ts'
import type { WatchedDialect } from './analysing-dialect.ts'
import { watchIterator } from './iterator.ts'

/** What a session needs besides what its statements need. */
export interface SessionRoom extends StatementRoom {
  readonly version: Version
  readonly watched: WatchedDialect
  readonly built: BuiltSql
  /** Of a driver that answers at once. */
  readonly connection: Connection | undefined
}

/**
 * Makes the queries that `session` prepares from now on go through the engine. The session must be one of our own: a
 * view over the user's, or one that a transaction made.
 */
export function watchSession(
  room: SessionRoom,
  session: SessionParts,
  call: CallPolicy | undefined,
  place: Place,
): void {
  const { prepareQuery, count } = session
  session.prepareQuery = function (this: SessionParts, ...parameters: unknown[]): PreparedParts {
    const prepared = prepareQuery.apply(this, parameters)
    const query = parameters[0] as Query
    const found = room.watched.statementOf(query) ?? unknownStatement(query)
    const statement = declaring(found, saidToWrite ?? (call ? call.writes : undefined))
    const preparation = room.version.preparation(parameters, room.dialect, room.watched.builtOf(query))
    statements.put(prepared, { statement, preparation, call })
    if (room.connection) {
      const own = both(call, policyOfWithCache(preparation.withCache))
      watchAtOnce(room, room.connection, prepared, statement, preparation.fields, own)
    } else watchPrepared(room, prepared, statement, preparation, call, place)
    return prepared
  }
  if (!count) return
  session.count = function (this: SessionParts, sql: unknown, token?: unknown): Promise<unknown> {
    const built = countStatement(sql as never)
    if (built) room.built.note(sql as never, built)
    return count.call(this, sql, token)
  }
}

// What is prepared while this is set is prepared for a caller who says what it writes. No await comes in between.
let saidToWrite: readonly string[] | undefined

/** A session whose statements write `tables` besides what they show; everything else is the session's own. */
export function sessionWriting(session: SessionParts, tables: readonly string[]): SessionParts {
  const view = Object.create(session) as SessionParts
  view.prepareQuery = (...parameters) => {
    saidToWrite = tables
    try {
      return session.prepareQuery(...parameters)
    } finally {
      saidToWrite = undefined
    }
  }
  return view
}

/** A query that a watched session prepared. */
export interface Prepared {
  readonly statement: Statement
  readonly preparation: Preparation
  readonly call: CallPolicy | undefined
}

const statements = createNotes<PreparedParts, Prepared>()

export function preparedOf(prepared: PreparedParts): Prepared | undefined {
  return statements.of(prepared)
}

/** A query that another dialect built is SQL like any other raw one. */
function unknownStatement(query: Query): Statement {
  return {
    text: query.sql,
    key: keyOf(query.sql),
    kind: 'raw',
    operation: 'sql.execute',
    model: undefined,
    locks: false,
    opaque: 'SQL of another dialect',
    occurrences: [],
    rooted: false,
    changes: [],
    ownChanges: 0,
  }
}

function watchPrepared(
  room: SessionRoom,
  prepared: PreparedParts,
  statement: Statement,
  { fields, mapped, withCache }: Preparation,
  call: CallPolicy | undefined,
  place: Place,
): void {
  room.version.open(prepared)
  const { queryWithCache } = prepared
  if (!queryWithCache) return
  watchIterator(prepared, statement, place)
  const own = both(call, policyOfWithCache(withCache))
  const counts = statement.operation.endsWith('.$count')
  const shape = mapped ? 'rows' : counts ? 'count' : 'result'
  const as = `${shape} ${statement.key}`
  const calledAll = statement.kind === 'raw' && room.dialect === 'sqlite' ? watchAll(prepared) : undefined
  prepared.queryWithCache = (text, parameters, ...rest) => {
    const [method] = rest as readonly unknown[]
    const executionBy = (turn: Turn): Execution => ({
      statement,
      as,
      parameters,
      shape: method === 'run' ? 'result' : shape,
      fields,
      carried: calledAll?.() ?? true,
      call: own,
      place: place.transaction,
      first: method === 'get',
      // Drizzle's own, with its cache switched off, gives errors their form.
      run: () => turn.send(() => queryWithCache.call(prepared, text, parameters, ...rest)),
      leave: turn.leave,
    })
    return place.run(statement, (turn) => {
      const one = executionBy(turn)
      return method === 'get' ? runForOne(room, one) : runStatement(room, one)
    })
  }
}

/**
 * SQLite's prepared queries give rows in the form of the method called. `all` gives plain rows; what the others give is
 * not carried. @returns whether the query that is being run now was begun by `all`.
 */
function watchAll(prepared: PreparedParts): () => boolean {
  const parts = prepared as { all?: (...parameters: unknown[]) => unknown }
  const { all } = parts
  let inside = false
  // Drizzle asks for the rows before its first await.
  if (all)
    parts.all = (...parameters) => {
      inside = true
      try {
        return all.apply(prepared, parameters)
      } finally {
        inside = false
      }
    }
  return () => inside
}

async function runForOne(room: SessionRoom, one: Execution): Promise<unknown> {
  const result = await runStatement(room, { ...one, run: async () => listed(await one.run()) })
  return (result as readonly unknown[])[0]
}

/** SQLite's `get` of 1.0 answers with one row, or none. */
function listed(row: unknown): readonly unknown[] {
  return row === undefined || row === null ? [] : [row]
}

/** What a query says of itself comes before what its db says. */
function both(call: CallPolicy | undefined, own: CallPolicy | undefined): CallPolicy | undefined {
  if (!own || !call) return own ?? call
  const tags = [...(call.tags ?? []), ...(own.tags ?? [])]
  return { ...call, ...own, ...(tags.length && { tags }) }
}
