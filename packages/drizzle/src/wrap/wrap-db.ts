import { createDbContext, inOrder } from '../order/statement-context.ts'
import type { CallPolicy } from '../policy/policies.ts'
import { runSyncTransaction } from '../sync/transaction.ts'
import type { DbParts, SessionParts } from '../versions/parts.ts'
import { runBatch } from './batch.ts'
import { watchSession } from './session.ts'
import { runTransaction } from './transaction.ts'
import type { WrapDeps } from './wrap-deps.ts'

/** A db of the same class as `base`, over views of its dialect and session. `base` is not changed. */
export function wrapDb(deps: WrapDeps, base: DbParts, callPolicy: CallPolicy | undefined): DbParts {
  const session = sessionView(deps, base.session)
  watchSession(deps, session, callPolicy, createDbContext(deps.openTransactions, deps.order))
  const begin = base.session.transaction
  const { connection } = deps
  session.transaction = (body, config) =>
    connection
      ? runSyncTransaction(deps, connection, begin, session, body, config)
      : runTransaction(deps, callPolicy, begin, sessionView(deps, base.session), body, config)
  const { all, batch, migrate } = base.session
  // MySQL's migrator calls `all`, which does not prepare a query.
  if (all && deps.dialect === 'mysql')
    session.all = (sql) => inOrder(deps.order, (turn) => turn.send(async () => all.call(session, sql)))
  if (batch) session.batch = (queries) => runBatch(deps, session, batch, queries)
  if (migrate) {
    // The migrator of 1.0 calls `batch` in a mode of its own.
    const migrating: SessionParts = Object.assign(Object.create(session), batch && { batch })
    session.migrate = (queries) => runMigration(deps, () => migrate.call(migrating, queries))
  }
  const db = deps.version.cloneDb(base, deps.analysing.dialect, session)
  deps.adopt(db)
  return db
}

/** A migration by the driver's own means may change anything. */
function runMigration({ engine, order }: WrapDeps, run: () => Promise<unknown>): Promise<unknown> {
  const plan = { operation: 'sql.migrate', model: undefined, changes: engine.everything() }
  return inOrder(order, (turn) => engine.write({ ...plan, run: () => turn.send(run) }))
}

/** The user's session with another dialect, and without Drizzle's own cache. */
function sessionView(deps: WrapDeps, base: SessionParts): SessionParts {
  const view = Object.create(base) as SessionParts
  view.dialect = deps.analysing.dialect
  view.cache = undefined
  // The sessions of transactions are created from the options.
  if (typeof base.options === 'object') view.options = { ...base.options, cache: undefined }
  return view
}
