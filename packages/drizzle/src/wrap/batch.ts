import type { Change, WriteThrough } from '@larder/core/host'
import { changesOf } from '../analysis/statement.ts'
import type { PlannedWrite } from '../execute/execution.ts'
import { statementFailed } from '../execute/outcome.ts'
import { resultUse } from '../execute/write.ts'
import { inOrder } from '../order/statement-context.ts'
import type { PreparedParts, SessionParts } from '../versions/parts.ts'
import { ownValues, type PreparedStatement, preparedStatementOf } from './session.ts'
import type { WrapDeps } from './wrap-deps.ts'

/** A query, as `batch` takes it. */
interface BatchQuery {
  _prepare(): BatchParts
}
type BatchParts = PreparedParts & { getQuery(): BuiltQuery }
type BuiltQuery = { readonly params: readonly unknown[] }

/** One statement of a batch. */
interface BatchMember {
  readonly parts: BatchParts
  /** Undefined for a query that no watched session has prepared. */
  readonly prepared: PreparedStatement | undefined
  readonly changes: readonly Change[]
}

/**
 * Runs a batch as one write, since drivers run it as one transaction and without the prepared queries' own methods. Its
 * reads are not cached.
 * @param run the session's own `batch`.
 */
export function runBatch(
  deps: WrapDeps,
  session: SessionParts,
  run: (queries: readonly unknown[]) => Promise<unknown>,
  queries: readonly unknown[],
): Promise<unknown> {
  // Each query is prepared once, so that the values of `$defaultFn` that are analysed are those that are sent.
  const members = (queries as readonly BatchQuery[]).map((query) => memberOf(deps, query._prepare()))
  const stored = deps.raw.session.transaction ? undefined : findStored(deps, members)
  // Core expects the changes of the stored rows first.
  const ordered = stored ? [stored.member, ...members.filter((member) => member !== stored.member)] : members
  const prepared = members.map((member) => ({
    _prepare: () => (member === stored?.member ? stored.parts : member.parts),
  }))
  const allBuilt = members.every((member) => member.prepared && member.prepared.statement.kind !== 'raw')
  const plan: PlannedWrite = {
    operation: 'sql.batch',
    model: allBuilt ? members[0]?.prepared?.statement.model : undefined,
    changes: ordered.flatMap(({ changes }) => changes),
    ...(stored && { through: stored.through }),
    failed: statementFailed,
  }
  return inOrder(deps.order, (turn) =>
    deps.engine.write({ ...plan, run: () => turn.send(() => run.call(session, prepared)) }),
  )
}

function memberOf(deps: WrapDeps, built: BatchParts): BatchMember {
  const prepared = preparedStatementOf(built)
  const query = built.getQuery()
  const parts = withOwnParameters(built, query)
  if (!prepared) return { parts, prepared, changes: deps.engine.everything() }
  const { statement } = prepared
  const changes =
    statement.kind === 'raw' ? deps.raw.changes.findNow(statement) : changesOf(statement, query.params)
  return { parts, prepared, changes }
}

/** The batch may wait for its marks, and must be sent with the values that it was called with. */
function withOwnParameters(parts: BatchParts, query: BuiltQuery): BatchParts {
  const params = [...query.params]
  ownValues(params)
  return Object.create(parts, { getQuery: { value: () => ({ ...query, params }) } })
}

/** The first statement whose rows may be stored. The engine stores nothing if another one writes the same table. */
function findStored(
  deps: WrapDeps,
  members: readonly BatchMember[],
): { member: BatchMember; parts: PreparedParts; through: WriteThrough<unknown> } | undefined {
  // Raw SQL in between may undo anything.
  if (members.some(({ prepared }) => prepared?.statement.kind === 'raw')) return undefined
  for (const member of members) {
    if (member.prepared?.statement.kind !== 'write') continue
    const { statement, options, callPolicy } = member.prepared
    const shape = options.mapped ? 'rows' : 'result'
    const { fields } = options
    const { through } = resultUse(deps, { statement, fields, shape, callPolicy, firstRowOnly: true })
    if (!through) continue
    let rows: unknown
    const parts = deps.version.observeBatched(member.parts, (result) => {
      rows = result
    })
    return { member, parts, through: { ...through, reads: () => through.reads(rows) } }
  }
  return undefined
}
