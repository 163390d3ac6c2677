import type { BypassReason } from '@larder/core'
import type { Policy, ReadPlan, SqlScan, WritePlan } from '@larder/core/host'
import { hookInternals } from '../internals.ts'
import { copyArguments } from '../plan/argument.ts'
import { KINDS } from '../plan/operations.ts'
import { ROW_READ } from '../plan/read.ts'
import { throughOf } from '../plan/through.ts'
import { planWrite } from '../plan/write.ts'
import type { CallPolicy } from '../policy/policies.ts'
import type { Announcement } from '../transaction/announcements.ts'
import { statementFailed } from '../transaction/outcome.ts'
import { inTurn, started } from '../transaction/statement-turn.ts'
import { isInteractive, type TransactionContext, trackUnknown } from '../transaction/transaction-context.ts'
import { inUnknownTransaction } from '../transaction/unknown-transaction.ts'
import { announcedWrite, announcing } from './announced-write.ts'
import type { OperationDeps } from './operation-deps.ts'
import { sentTexts, textAndValues } from './raw.ts'

/** One call of Prisma's `$allOperations` hook. */
export interface Operation {
  readonly model?: string | undefined
  readonly operation: string
  readonly args: unknown
  readonly query: (args: unknown) => Promise<unknown>
  readonly __internalParams?: unknown
}

/** Runs one operation through the engine: a read, a write, or raw SQL. */
export function runOperation(
  deps: OperationDeps,
  call: CallPolicy | undefined,
  op: Operation,
): Promise<unknown> {
  const { transaction, dataPath } = hookInternals(op.__internalParams)
  const outside = transaction ? undefined : deps.transactions.outside
  const context = outside ?? deps.transactions.contextOf(transaction)
  const ending = context.kind === 'inside' ? deps.transactions.ending(context) : undefined
  if (ending) return ending.then(() => runOperation(deps, call, op))
  const run = (): Promise<unknown> => runAt(deps, call, op, dataPath, context)
  // PostgreSQL refuses everything after an error, until the transaction is over.
  return deps.isPostgres ? run() : deps.transactions.watch(context, run)
}

function runAt(
  deps: OperationDeps,
  call: CallPolicy | undefined,
  op: Operation,
  dataPath: readonly unknown[],
  context: TransactionContext,
): Promise<unknown> {
  const kind = KINDS.get(op.operation)
  if (kind === 'read' && op.model !== undefined) return read(deps, call, op, op.model, dataPath, context)
  if (kind === 'write' && op.model !== undefined)
    return inTurn(context, op, (sent) => write(deps, call, sent, sent.model ?? '', dataPath, context))
  return inTurn(context, op, (sent) => rawSql(deps, call, sent, context))
}

function read(
  deps: OperationDeps,
  call: CallPolicy | undefined,
  op: Operation,
  model: string,
  dataPath: readonly unknown[],
  context: TransactionContext,
): Promise<unknown> {
  const plan = readPlan(deps, call, op, model, dataPath, context)
  if (plan.policy) return deps.engine.read(plan)
  return inTurn(context, op, (sent) =>
    trackUnknown(context, () => deps.engine.read({ ...plan, run: () => sent.query(op.args) })),
  )
}

function readPlan(
  deps: OperationDeps,
  call: CallPolicy | undefined,
  op: Operation,
  model: string,
  dataPath: readonly unknown[],
  context: TransactionContext,
): ReadPlan<unknown> {
  const { operation, args } = op
  const wanted = bypassOf(deps, call, context, false) ? undefined : policyOf(deps, model, call)
  const planOf = wanted && deps.dependsOnWrites ? deps.reads.ofCached : deps.reads.ofUncached
  const planned = planOf(operation, model, args, dataPath)
  const { occurrences, severalStatements, opaque, queryText } = planned
  const undeclared =
    deps.dependsOnWrites && occurrences.some((occurrence) => deps.undeclaredViews.has(occurrence.table))
  const unknown = opaque !== undefined || undeclared || deps.raw.settings.altered
  const bypass = bypassOf(deps, call, context, unknown)
  const policy = bypass ? undefined : wanted
  const timed = deps.dependsOnWrites ? undefined : policy
  const row = timed ? undefined : planned.row
  // A cached read may wait for the store. Writes that are called after it must not wait with it.
  const earlier = policy && context.order?.sent()
  const send = (): Promise<unknown> => started(op.query(args))
  return {
    operation: `${model}.${operation}`,
    model,
    policy,
    ...(bypass && { bypass }),
    // Without dependencies only the lifetime bounds the age of a result, so reads with other lifetimes have other entries.
    query: row ? row.query : { args, dataPath, ...(timed && { lifetime: lifetimeOf(timed) }) },
    queryText,
    ...(row && { as: ROW_READ }),
    ...(row && operation === 'findUniqueOrThrow' && { accepts: (result) => result !== null }),
    occurrences: timed ? [] : occurrences,
    ...(!policy && { dependencies: () => (unknown ? undefined : occurrences) }),
    severalStatements,
    // Prisma builds the whole result: rows, relations, and JSON that it parses. Other extensions run outside the cache.
    dataDepth: Number.POSITIVE_INFINITY,
    unreachable: deps.unreachable,
    // An array transaction waits for all of its queries, so each one must be sent.
    run: earlier ? () => earlier.then(send) : send,
    detach() {
      const now = deps.transactions.contextOf(undefined)
      return readPlan(deps, call, { ...op, args: copyArguments(args) }, model, dataPath, now)
    },
    mayRun: deps.mayRefresh,
  }
}

const lifetimeOf = ({ ttl, staleWhileRevalidate }: Policy): readonly number[] => [ttl, staleWhileRevalidate]

function policyOf(
  { policies }: OperationDeps,
  model: string,
  call: CallPolicy | undefined,
): Policy | undefined {
  return call === undefined ? policies.byModel.get(model) : policies.of(model, call)
}

function bypassOf(
  deps: OperationDeps,
  call: CallPolicy | undefined,
  context: TransactionContext,
  opaque: boolean,
): BypassReason | undefined {
  if (context.kind !== 'outside' || deps.raw.session.transaction) return 'transaction'
  if (call === false) return 'disabled'
  return opaque ? 'opaque' : undefined
}

function write(
  deps: OperationDeps,
  call: CallPolicy | undefined,
  op: Operation,
  model: string,
  dataPath: readonly unknown[],
  context: TransactionContext,
): Promise<unknown> {
  const { operation, args, query } = op
  const { changes, returned } = planWrite(operation, model, args, deps.models, {
    dataPath,
    provider: deps.provider,
    relationMode: deps.relationMode,
  })
  const policy = policyOf(deps, model, call)
  const through =
    policy?.write === 'through' &&
    context.kind !== 'unknown' &&
    !deps.raw.session.transaction &&
    !deps.raw.settings.altered
      ? throughOf(deps.models, { operation, model, args, dataPath }, changes.length, policy, deps)
      : undefined
  const announced = announcedWrite(deps, { model, operation, args }, changes)
  return settle(deps, context, {
    operation: `${model}.${operation}`,
    model,
    changes,
    ...(returned && { returned }),
    ...(through && { through }),
    failed: statementFailed,
    run: () => announcing(deps, context, announced, () => query(args)),
  })
}

/** Runs a write by itself, or in the scope of its transaction. */
async function settle(
  deps: OperationDeps,
  context: TransactionContext,
  plan: WritePlan<unknown>,
): Promise<unknown> {
  const session = deps.raw.session.transaction
  if (context.kind === 'inside') {
    if (deps.transactions.mayHaveEnded(context)) await deps.transactions.sealAll(context.scope)
    return deps.engine.write(plan, context.scope)
  }
  if (context.kind === 'outside') {
    // In a raw transaction no row is known: neither its connection nor its snapshot is.
    return session
      ? deps.engine.write({ ...plan, changes: deps.engine.everything() }, session)
      : deps.engine.write(plan)
  }
  return inUnknownTransaction(deps.engine, (scope) => deps.engine.write(plan, scope))
}

async function rawSql(
  deps: OperationDeps,
  call: CallPolicy | undefined,
  op: Operation,
  context: TransactionContext,
): Promise<unknown> {
  const { operation, args, query } = op
  const announced: Announcement = { operation, writes: { texts: sentTexts(args) }, statementsLeft: 1 }
  const run = (): Promise<unknown> => announcing(deps, context, announced, () => query(args))
  deps.raw.inspect(args)
  const scan = deps.raw.scan(args)
  const writes = deps.declared.writtenBy(call) ?? deps.declared.writtenNow()
  if (scan.kind === 'read' && !scan.writes && !writes?.length) return rawRead(deps, call, op, context, scan)
  const statement = { operation, args, scan, immediate: isInteractive(context), ...(writes && { writes }) }
  if (context.kind === 'inside' && deps.transactions.mayHaveEnded(context))
    await deps.transactions.sealAll(context.scope)
  // A savepoint or a setting changes what the other statements of the transaction do.
  if (context.kind === 'inside' && scan.kind !== 'write' && scan.kind !== 'read') context.scope.discardRows()
  if (context.kind === 'unknown')
    return inUnknownTransaction(deps.engine, (scope) => deps.raw.run(statement, scope, run))
  const scope = context.kind === 'inside' ? context.scope : undefined
  return trackUnknown(context, () => deps.raw.run(statement, scope, run))
}

/** Runs a raw read. It is cached if the call declares what it reads and nothing in its text changes without a write. */
function rawRead(
  deps: OperationDeps,
  call: CallPolicy | undefined,
  op: Operation,
  context: TransactionContext,
  scan: SqlScan,
): Promise<unknown> {
  const { operation, args, query } = op
  const occurrences = KINDS.get(operation) === 'raw-read' ? deps.declared.readBy(call) : undefined
  const changing = occurrences && deps.raw.changing(args)
  const undeclared = occurrences?.some((occurrence) => deps.undeclaredViews.has(occurrence.table)) === true
  const unknown = changing !== undefined || undeclared || deps.raw.settings.altered
  const bypass = scan.locks ? 'lock' : bypassOf(deps, call, context, unknown)
  return trackUnknown(context, () =>
    deps.engine.read({
      operation,
      model: 'raw',
      policy: call && occurrences && !bypass ? deps.policies.raw(call) : undefined,
      ...(bypass && { bypass }),
      query: occurrences && textAndValues(args),
      occurrences: occurrences ?? [],
      dependencies: () => (unknown ? undefined : occurrences),
      severalStatements: false,
      unreachable: deps.unreachable,
      run: () => query(args),
      mayRun: deps.mayRefresh,
    }),
  )
}
