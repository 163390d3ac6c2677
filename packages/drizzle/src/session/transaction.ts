import { type Engine, scanSql, type Transaction } from '@larder/core'
import type { CallPolicy } from '../policies.ts'
import type { DbParts, PreparedParts, SessionParts } from '../versions/parts.ts'
import { commitFailed } from './outcome.ts'
import { preparedOf, type SessionRoom, watchSession } from './session.ts'

/** What transactions need besides. */
export interface TransactionRoom extends SessionRoom {
  readonly engine: Engine
  /** Scopes open on the one connection that the db has; undefined where each transaction has its own. */
  readonly shared: Transaction[] | undefined
  /** Makes the db of a transaction ours. */
  adopt(tx: DbParts): void
}

type Body = (tx: DbParts) => unknown
type Begin = (this: unknown, body: Body, config?: unknown) => unknown

/**
 * Runs Drizzle's own `transaction` with marks around its COMMIT. `session` is a view made for this transaction alone:
 * drivers with one connection run the whole transaction on it.
 */
export async function runTransaction(
  room: TransactionRoom,
  call: CallPolicy | undefined,
  begin: Begin,
  session: SessionParts,
  body: Body,
  config: unknown,
): Promise<unknown> {
  const { engine } = room
  const { scope, leave } = await enter(room)
  const course: Course = { sealed: false, threw: undefined }
  const wrapped: Body = async (tx) => {
    try {
      adopt(room, call, tx, scope, new Set())
      const result = await body(tx)
      await scope.seal()
      course.sealed = true
      return result
    } catch (error) {
      course.threw = { error }
      throw error
    } finally {
      room.raw.commits.bodyOver(scope)
    }
  }
  const end = async (outcome: 'committed' | 'failed' | 'unknown'): Promise<void> => {
    leave()
    await scope.end(outcome)
  }
  try {
    const result = await engine.inside(scope, async () => await begin.call(session, wrapped, config))
    await end('committed')
    return result
  } catch (error) {
    await end(outcomeOf(room, scope, course, error))
    throw error
  }
}

/** How far a transaction's body came. */
interface Course {
  /** It is done, and Drizzle may have sent COMMIT. */
  sealed: boolean
  threw: { readonly error: unknown } | undefined
}

/** How a transaction that rejected ended. */
function outcomeOf(
  { raw }: TransactionRoom,
  scope: Transaction,
  { sealed, threw }: Course,
  error: unknown,
): 'committed' | 'failed' | 'unknown' {
  const refused = sealed && commitFailed(error)
  const sent = raw.commits.of(scope)
  // A body that failed without a COMMIT of its own was rolled back, whatever ROLLBACK answered.
  if (sent === 'none') return refused || !sealed ? 'failed' : 'unknown'
  // Drizzle gives a body's error back once ROLLBACK is acknowledged, else that one's: nothing is under way any more.
  return threw?.error === error || (refused && sent === 'done') ? 'committed' : 'unknown'
}

/**
 * Opens the scope of a transaction. Where transactions share a connection, a second one that begins while one is open
 * is none of its own: its BEGIN (MySQL) or the first COMMIT of the two (PostgreSQL) commits what both wrote.
 */
async function enter({
  engine,
  shared,
  raw,
}: TransactionRoom): Promise<{ readonly scope: Transaction; leave(): void }> {
  const others = [...(shared ?? [])]
  const scope = engine.transaction(others.length ? 'early' : 'late')
  shared?.push(scope)
  const leave = (): void => void shared?.splice(shared.indexOf(scope), 1)
  if (!others.length) return { scope, leave }
  for (const one of [...others, scope]) raw.commits.broken(one)
  try {
    await Promise.all(others.map((one) => one.seal()))
  } catch (error) {
    leave()
    await scope.end('failed')
    throw error
  }
  return { scope, leave }
}

/**
 * Makes a transaction's statements belong to `scope`, and those of its savepoints too: what was written in one that is
 * rolled back is invalidated with the rest, which costs a hit and nothing else.
 */
function adopt(
  room: TransactionRoom,
  call: CallPolicy | undefined,
  tx: DbParts,
  scope: Transaction,
  watched: Set<SessionParts>,
): void {
  // Most drivers run savepoints on the transaction's session, postgres-js makes one for each.
  if (!watched.has(tx.session)) {
    watchSession(room, tx.session, call, () => scope)
    if (room.dialect !== 'postgres') watchRejections(room, tx.session, scope)
  }
  watched.add(tx.session)
  room.adopt(tx)
  const { transaction } = tx
  tx.transaction = (body, config) => {
    // What a savepoint wrote may be rolled back while the transaction commits.
    scope.unproven()
    return transaction.call(
      tx,
      (inner) => {
        adopt(room, call, inner, scope, watched)
        return body(inner)
      },
      config,
    )
  }
}

/**
 * MySQL and SQLite roll back the whole transaction for some errors (a deadlock, a full disk) and go on without one:
 * what is written after an error that the body caught may commit at once, so it is marked at once.
 */
function watchRejections(room: TransactionRoom, session: SessionParts, scope: Transaction): void {
  const { prepareQuery } = session
  let rejected = false
  session.prepareQuery = function (this: SessionParts, ...parameters: unknown[]): PreparedParts {
    const prepared = prepareQuery.apply(this, parameters)
    const { queryWithCache } = prepared
    if (!queryWithCache) return prepared
    const statement = preparedOf(prepared)?.statement
    const writes =
      statement?.kind === 'write' ||
      (statement?.kind === 'raw' && scanSql(statement.text, room.dialect).writes)
    prepared.queryWithCache = async (...given) => {
      if (rejected && writes) {
        await scope.seal()
        room.raw.commits.broken(scope)
      }
      try {
        return await queryWithCache.apply(prepared, given)
      } catch (error) {
        rejected = true
        throw error
      }
    }
    return prepared
  }
}
