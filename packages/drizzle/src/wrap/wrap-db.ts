import type { Place } from '../order/statement-context.ts'
import { inOrder } from '../order/statement-order.ts'
import type { CallPolicy } from '../policy/policies.ts'
import { runTransactionAtOnce } from '../sync/transaction.ts'
import type { DbParts, SessionParts } from '../versions/parts.ts'
import { runBatch } from './batch.ts'
import { watchSession } from './session.ts'
import { runTransaction } from './transaction.ts'
import type { TransactionRoom } from './transaction-deps.ts'

/** A db of the same class as `base`, over views of its dialect and session. `base` is not changed. */
export function wrapDb(room: TransactionRoom, base: DbParts, call: CallPolicy | undefined): DbParts {
  const session = sessionOver(room, base.session)
  watchSession(room, session, call, placeOf(room))
  const begin = base.session.transaction
  const { connection } = room
  session.transaction = (body, config) =>
    connection
      ? runTransactionAtOnce(room, connection, begin, session, body, config)
      : runTransaction(room, call, begin, sessionOver(room, base.session), body, config)
  const { all, batch, migrate } = base.session
  // MySQL's migrator asks by it, past what is prepared.
  if (all && room.dialect === 'mysql')
    session.all = (sql) => inOrder(room.order, (turn) => turn.send(async () => all.call(session, sql)))
  if (batch) session.batch = (queries) => runBatch(room, session, batch, queries)
  if (migrate) {
    // 1.0's runs its own `batch`, in a mode of its own.
    const own: SessionParts = Object.assign(Object.create(session), batch && { batch })
    session.migrate = (queries) => runMigration(room, () => migrate.call(own, queries))
  }
  const db = room.version.sameDb(base, room.watched.dialect, session)
  room.adopt(db)
  return db
}

/** A migration by the driver's own means may change anything. */
function runMigration(room: TransactionRoom, run: () => Promise<unknown>): Promise<unknown> {
  const { engine, order } = room
  const plan = { operation: 'sql.migrate', model: undefined, changes: engine.everything() }
  return inOrder(order, (turn) => engine.write({ ...plan, run: () => turn.send(run) }))
}

/** Of statements called on the db. */
function placeOf({ shared, order }: TransactionRoom): Place {
  return {
    get transaction() {
      return shared?.at(-1)
    },
    run: (_, work) => inOrder(order, work),
  }
}

/** Everything of the user's session but its dialect and Drizzle's own cache. */
function sessionOver(room: TransactionRoom, base: SessionParts): SessionParts {
  const view = Object.create(base) as SessionParts
  view.dialect = room.watched.dialect
  view.cache = undefined
  // Sessions of transactions are made from the options.
  if (typeof base.options === 'object') view.options = { ...base.options, cache: undefined }
  return view
}
