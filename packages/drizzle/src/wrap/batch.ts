import type { Change, WritePlan, WriteThrough } from '@larder/core/host'
import { changesOf } from '../analysis/statement.ts'
import { statementFailed } from '../execute/outcome.ts'
import { shownBy } from '../execute/returned.ts'
import { inOrder } from '../order/statement-order.ts'
import type { PreparedParts, SessionParts } from '../versions/parts.ts'
import { type Prepared, preparedOf } from './session.ts'
import type { TransactionRoom } from './transaction-deps.ts'

/** A query as `batch` takes it. */
interface Batched {
  _prepare(): BatchedParts
}
type BatchedParts = PreparedParts & { getQuery(): { readonly params: readonly unknown[] } }

/** One statement of a batch. */
interface Member {
  readonly parts: BatchedParts
  /** Undefined for what no session of ours prepared. */
  readonly prepared: Prepared | undefined
  readonly changes: readonly Change[]
}

/**
 * Makes `batch` of a session mark and finish what its statements change, as one write: drivers run a batch as one
 * transaction, and past their prepared queries. Its reads are never cached. `run` is the session's own `batch`.
 */
export function runBatch(
  room: TransactionRoom,
  session: SessionParts,
  run: (queries: readonly unknown[]) => Promise<unknown>,
  queries: readonly unknown[],
): Promise<unknown> {
  // Prepared once: what `$defaultFn` gives must be what is sent.
  const members = (queries as readonly Batched[]).map((query) => memberOf(room, query._prepare()))
  const stored = room.raw.session() ? undefined : storedOf(room, members)
  const changes = [stored?.member, ...members.filter((one) => one !== stored?.member)].flatMap(
    (one) => one?.changes ?? [],
  )
  const once = members.map((one) => ({ _prepare: () => (one === stored?.member ? stored.parts : one.parts) }))
  const typed = members.every(({ prepared }) => prepared && prepared.statement.kind !== 'raw')
  const plan: Omit<WritePlan<unknown>, 'run'> = {
    operation: 'sql.batch',
    model: typed ? members[0]?.prepared?.statement.model : undefined,
    changes,
    ...(stored && { through: stored.through }),
    failed: statementFailed,
  }
  return inOrder(room.order, (turn) =>
    room.engine.write({ ...plan, run: () => turn.send(() => run.call(session, once)) }),
  )
}

function memberOf(room: TransactionRoom, parts: BatchedParts): Member {
  const prepared = preparedOf(parts)
  if (!prepared) return { parts, prepared, changes: room.engine.everything() }
  const { statement } = prepared
  const changes =
    statement.kind === 'raw' ? room.raw.changes(statement) : changesOf(statement, parts.getQuery().params)
  return { parts, prepared, changes }
}

/** The first statement whose rows may be stored, seen to: the engine stores nothing if another writes its table, too. */
function storedOf(
  room: TransactionRoom,
  members: readonly Member[],
): { member: Member; parts: PreparedParts; through: WriteThrough<unknown> } | undefined {
  // Whatever raw SQL does in between, it may undo.
  if (members.some(({ prepared }) => prepared?.statement.kind === 'raw')) return undefined
  for (const member of members) {
    if (member.prepared?.statement.kind !== 'write') continue
    const { statement, preparation, call } = member.prepared
    const shape = preparation.mapped ? 'rows' : 'result'
    const { fields } = preparation
    const { through } = shownBy(room, { statement, fields, shape, call, first: true })
    if (!through) continue
    let rows: unknown
    const parts = room.version.watchBatched(member.parts, (result) => {
      rows = result
    })
    return { member, parts, through: { ...through, reads: () => through.reads(rows) } }
  }
  return undefined
}
