import type { Change } from '@larder/core'
import { changesOf } from '../dialect/statement.ts'
import type { PreparedParts, SessionParts } from '../versions/parts.ts'
import { statementFailed } from './outcome.ts'
import { type SessionRoom, statementOf } from './session.ts'

/** A query as `batch` takes it. */
interface Batched {
  _prepare(): PreparedParts & { getQuery(): { readonly params: readonly unknown[] } }
}

/**
 * Makes `batch` of a session mark and finish what its statements change, as one write: drivers run a batch as one
 * transaction, and past their prepared queries. Its reads are never cached. `run` is the session's own `batch`.
 */
export function runBatch(
  room: SessionRoom,
  session: SessionParts,
  run: (queries: readonly unknown[]) => Promise<unknown>,
  queries: readonly unknown[],
): Promise<unknown> {
  // Prepared once: what `$defaultFn` gives must be what is sent.
  const prepared = (queries as readonly Batched[]).map((query) => query._prepare())
  const once = prepared.map((one) => ({ _prepare: () => one }))
  const changes = prepared.flatMap((one): readonly Change[] => {
    const statement = statementOf(one)
    if (!statement) return room.engine.everything()
    if (statement.kind === 'raw') return room.raw.changes(statement)
    return changesOf(statement, one.getQuery().params)
  })
  const plan = { operation: 'sql.batch', model: undefined, changes, failed: statementFailed }
  return room.engine.write({ ...plan, run: () => run.call(session, once) })
}
