import type { BypassReason } from '@larder/core'
import type { Engine, ReadPlan, Schema, SqlScan, Transaction, WritePlan } from '@larder/core/host'
import { hookInternals } from '../internals.ts'
import { kindOf } from '../plan/operations.ts'
import { planRead } from '../plan/read.ts'
import { ROW_READ, rowReadOf } from '../plan/row-read.ts'
import { throughOf } from '../plan/through.ts'
import { planWrite } from '../plan/write.ts'
import type { CallPolicy, Policies } from '../policy/policies.ts'
import type { ModelMap } from '../schema/model.ts'
import type { Announced, Announcements } from '../transaction/announcements.ts'
import { statementFailed } from '../transaction/outcome.ts'
import { isInteractive, type Place } from '../transaction/place.ts'
import { afterThoseBefore, inTurn } from '../transaction/statement-turn.ts'
import type { Transactions } from '../transaction/transaction.ts'
import { announcedWrite } from './announced-write.ts'
import type { DeclaredTables } from './declared-tables.ts'
import { isPostgres, type RawSql, sentTexts, textAndValues } from './raw.ts'

/** What the operations of one client need, shared by all its extended forms. */
export interface OperationRoom {
  readonly engine: Engine
  /** Undefined: nobody sees what the driver is given. */
  readonly announcements: Announcements | undefined
  readonly models: ModelMap
  readonly provider: string
  /** Fields left out of every result of a model. */
  readonly omitted: (model: string) => ReadonlySet<string>
  /** Under `'prisma'` the client itself carries out the referential actions. */
  readonly relationMode: 'foreignKeys' | 'prisma'
  /** The tables that the client writes, with their foreign keys. */
  readonly schema: Schema
  readonly policies: Policies
  readonly transactions: Transactions
  readonly raw: RawSql
  readonly declared: DeclaredTables
  /** Tables of views that nobody has declared the sources of: what they depend on cannot be told. */
  readonly blindViews: ReadonlySet<string>
}

/** One call of Prisma's `$allOperations` hook. */
export interface Operation {
  readonly model?: string | undefined
  readonly operation: string
  readonly args: unknown
  readonly query: (args: unknown) => Promise<unknown>
  readonly __internalParams?: unknown
}

/** Takes one operation to the engine: a read, a write, or raw SQL that is either. */
export function runOperation(
  room: OperationRoom,
  call: CallPolicy | undefined,
  one: Operation,
): Promise<unknown> {
  const { transaction, dataPath } = hookInternals(one.__internalParams)
  const place = room.transactions.placeOf(transaction)
  const ending = room.transactions.ending(place)
  if (ending) return ending.then(() => runOperation(room, call, one))
  const run = (): Promise<unknown> => runAt(room, call, one, dataPath, place)
  // PostgreSQL refuses everything after an error, until the transaction is over.
  return isPostgres(room.provider) ? run() : room.transactions.watch(place, run)
}

function runAt(
  room: OperationRoom,
  call: CallPolicy | undefined,
  one: Operation,
  dataPath: readonly unknown[],
  place: Place,
): Promise<unknown> {
  const kind = kindOf(one.operation)
  if (kind === 'read' && one.model !== undefined) return read(room, call, one, one.model, dataPath, place)
  if (kind === 'write' && one.model !== undefined)
    return inTurn(place, one, (sent) => write(room, call, sent, sent.model ?? '', dataPath, place))
  return inTurn(place, one, (sent) => rawSql(room, call, sent, place))
}

function read(
  room: OperationRoom,
  call: CallPolicy | undefined,
  one: Operation,
  model: string,
  dataPath: readonly unknown[],
  place: Place,
): Promise<unknown> {
  const { operation, args } = one
  const { occurrences, severalStatements, opaque } = planRead(operation, model, args, room.models, dataPath)
  const blind = occurrences.some((occurrence) => room.blindViews.has(occurrence.table))
  const bypass = bypassOf(room, call, place, opaque !== undefined || blind)
  const row = rowReadOf(room.models, model, operation, args, dataPath)
  const policy = bypass ? undefined : room.policies.of(model, call)
  const plan = (query: Operation['query']): ReadPlan<unknown> => ({
    operation: `${model}.${operation}`,
    model,
    policy,
    ...(bypass && { bypass }),
    query: row ? row.query : { args, dataPath },
    ...(row && { as: ROW_READ }),
    ...(row && operation === 'findUniqueOrThrow' && { accepts: (result) => result !== null }),
    occurrences,
    severalStatements,
    // An array transaction waits for every one of its queries: each must be started, cached or not.
    run: () => query(args),
  })
  // A read that asks the cache may wait for the store, which must not hold back the writes called after it.
  if (policy) return room.engine.read(plan(afterThoseBefore(place, one.query)))
  return inTurn(place, one, (sent) => beside(place, () => room.engine.read(plan(sent.query))))
}

/** A statement of a transaction that its scope is not told of. */
function beside<T>(place: Place, run: () => Promise<T>): Promise<T> {
  return place.kind === 'inside' ? place.scope.trackUnknown(run) : run()
}

function bypassOf(
  room: OperationRoom,
  call: CallPolicy | undefined,
  place: Place,
  opaque: boolean,
): BypassReason | undefined {
  if (place.kind !== 'alone' || room.raw.session()) return 'transaction'
  if (call === false) return 'disabled'
  return opaque || room.raw.strayed() ? 'opaque' : undefined
}

function write(
  room: OperationRoom,
  call: CallPolicy | undefined,
  one: Operation,
  model: string,
  dataPath: readonly unknown[],
  place: Place,
): Promise<unknown> {
  const { operation, args, query } = one
  const { changes, returned } = planWrite(operation, model, args, room.models, {
    dataPath,
    provider: room.provider,
    relationMode: room.relationMode,
  })
  const policy = room.policies.of(model, call)
  const through =
    policy?.write === 'through' && place.kind !== 'lost' && !room.raw.session() && !room.raw.strayed()
      ? throughOf(room.models, { operation, model, args, dataPath }, changes.length, policy, room)
      : undefined
  const announced = announcedWrite(room, `${model}.${operation}`, operation, changes)
  return settle(room, place, {
    operation: `${model}.${operation}`,
    model,
    changes,
    ...(returned && { returned }),
    ...(through && { through }),
    failed: statementFailed,
    run: () => announcing(room, place, announced, () => query(args)),
  })
}

function announcing(
  { announcements }: OperationRoom,
  place: Place,
  announced: Announced,
  query: () => Promise<unknown>,
): Promise<unknown> {
  if (!announcements) return query()
  const scope = place.kind === 'inside' ? place.root : place.kind === 'lost' ? 'lost' : undefined
  return announcements.during(announced, scope, query)
}

/** A write of its own, or of the scope it is in; one whose COMMIT nobody will tell us of keeps its marks up. */
async function settle(room: OperationRoom, place: Place, plan: WritePlan<unknown>): Promise<unknown> {
  const session = room.raw.session()
  if (place.kind === 'inside') {
    if (room.transactions.mayBeOver(place)) await room.transactions.broken(place.scope)
    return room.engine.write(plan, place.scope)
  }
  if (place.kind === 'alone') {
    // In a raw transaction no row can be told: the connection, and what it saw before, are unknown.
    return session
      ? room.engine.write({ ...plan, changes: room.engine.everything() }, session)
      : room.engine.write(plan)
  }
  return inLostScope(room, (scope) => room.engine.write(plan, scope))
}

/** Runs a statement of a transaction whose COMMIT nobody will tell us of: its marks stay up, unless it was refused. */
async function inLostScope<T>(
  { engine }: OperationRoom,
  run: (scope: Transaction) => Promise<T>,
): Promise<T> {
  const scope = engine.transaction('early')
  try {
    const result = await run(scope)
    await scope.end('unknown')
    return result
  } catch (error) {
    await scope.end(statementFailed(error) ? 'failed' : 'unknown')
    throw error
  }
}

async function rawSql(
  room: OperationRoom,
  call: CallPolicy | undefined,
  one: Operation,
  place: Place,
): Promise<unknown> {
  const { operation, args, query } = one
  const announced: Announced = { operation, writes: { texts: sentTexts(args) }, statementsLeft: 1 }
  const run = (): Promise<unknown> => announcing(room, place, announced, () => query(args))
  room.raw.look(args)
  const scan = room.raw.scan(args)
  const writes = room.declared.writtenBy(call) ?? room.declared.writtenNow()
  if (scan.kind === 'read' && !scan.writes && !writes?.length) return rawRead(room, call, one, place, scan)
  const statement = { operation, args, scan, hurried: isInteractive(place), ...(writes && { writes }) }
  if (place.kind === 'inside' && room.transactions.mayBeOver(place))
    await room.transactions.broken(place.scope)
  // What it sets, or rolls back to, decides what the statements around it come to.
  if (place.kind === 'inside' && scan.kind !== 'write' && scan.kind !== 'read') place.scope.discardRows()
  if (place.kind === 'lost') return inLostScope(room, (scope) => room.raw.run(statement, scope, run))
  const scope = place.kind === 'inside' ? place.scope : undefined
  return beside(place, () => room.raw.run(statement, scope, run))
}

/** A raw read is cached where the call says what it reads, and nothing in its text could change without a write. */
function rawRead(
  room: OperationRoom,
  call: CallPolicy | undefined,
  one: Operation,
  place: Place,
  scan: SqlScan,
): Promise<unknown> {
  const { operation, args, query } = one
  const occurrences = kindOf(operation) === 'raw-read' ? room.declared.readBy(call) : undefined
  const changing = occurrences && room.raw.changing(args)
  const blind = occurrences?.some((occurrence) => room.blindViews.has(occurrence.table)) === true
  const bypass = scan.locks ? 'lock' : bypassOf(room, call, place, changing !== undefined || blind)
  return beside(place, () =>
    room.engine.read({
      operation,
      model: 'raw',
      policy: call && occurrences && !bypass ? room.policies.raw(call) : undefined,
      ...(bypass && { bypass }),
      query: occurrences && textAndValues(args),
      occurrences: occurrences ?? [],
      severalStatements: false,
      run: () => query(args),
    }),
  )
}
