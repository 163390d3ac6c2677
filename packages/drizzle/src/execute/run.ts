import type { BypassReason } from '@larder/core'
import {
  type Policy,
  type ReadPlan,
  scanSql,
  type Transaction,
  volatileValue,
  type WritePlan,
} from '@larder/core/host'
import { changesOf, occurrencesOf, type Statement } from '../analysis/statement.ts'
import { ROW_READ, rowQuery } from '../write-through/written.ts'
import type { Execution, StatementRoom } from './execution.ts'
import { statementFailed } from './outcome.ts'
import { type CarriedResult, carry, restored } from './raw-results.ts'
import { shownBy } from './returned.ts'

/** Takes one execution to the engine: a read, a write, or raw SQL that is either. */
export function runStatement(room: StatementRoom, one: Execution): Promise<unknown> {
  const { place, statement } = one
  if (!place || statement.kind === 'write') return run(room, one)
  if (unsettles(room, statement, place)) place.discardRows()
  return place.trackUnknown(() => run(room, one))
}

/**
 * Whether a statement of a transaction may decide what those around it come to, so that no row of it can be told: a
 * savepoint, a setting, a COMMIT by hand, a function that does any of it or is not known.
 */
function unsettles(
  { dialect, raw }: StatementRoom,
  { kind, text, opaque }: Statement,
  place: Transaction,
): boolean {
  if (kind === 'raw' && raw.commits.isBodyOver(place) && /^commit$/i.test(text)) return false
  return opaque !== undefined || (kind === 'raw' && !/^(?:read|write)$/.test(scanSql(text, dialect).kind))
}

function run(room: StatementRoom, one: Execution): Promise<unknown> {
  switch (one.statement.kind) {
    case 'read':
      return read(room, one)
    case 'write':
      return write(room, one)
    default:
      return raw(room, one)
  }
}

/** Raw SQL is cached where its caller says what it reads, and nothing in it could change without a write. */
async function raw(room: StatementRoom, one: Execution): Promise<unknown> {
  const { statement, parameters, call, place } = one
  const reads = call ? call.reads : undefined
  room.raw.look(statement)
  if (!call || !reads || place || room.raw.session() || !readsOnly(room, statement)) return room.raw.run(one)
  const blind = reads.some(room.blind)
  const moment = room.dialect === 'postgres' && parameters.some(volatileValue)
  if (blind || moment || room.raw.strayed() || statement.opaque !== undefined || !one.carried)
    return room.engine.read(pastCache(one, 'opaque'))
  if (room.raw.parsing()) return room.engine.read(pastCache(one, 'dirty'))
  const result = await room.engine.read({
    ...pastCache(one, undefined),
    policy: room.policies.raw(call),
    as: `raw ${statement.key}`,
    query: parameters,
    // Tables that stand in the template as objects are read too, named or not.
    occurrences: [...reads, ...statement.occurrences.map(({ table }) => table)].map((table) => ({ table })),
    run: async () => carry(await one.run()),
  })
  return restored(result as CarriedResult)
}

export function readsOnly({ dialect }: StatementRoom, { text, declared }: Statement): boolean {
  const { kind, writes, locks } = scanSql(text, dialect)
  return kind === 'read' && !writes && !locks && !declared
}

async function read(room: StatementRoom, one: Execution): Promise<unknown> {
  const { statement, parameters } = one
  const bypass = bypassOf(room, one)
  const policy = bypass ? undefined : policyOf(room, one)
  // Past the cache nothing is asked of the statement but its name.
  if (bypass || !policy) return room.engine.read(pastCache(one, bypass))
  const { rows, objects, wrap } = room.results
  // Cached are the driver's rows before Drizzle's mapping: its decoders run again on a hit.
  const carried = one.shape === 'count' ? objects : rows
  const result = await room.engine.read({
    operation: statement.operation,
    model: statement.model ?? RAW,
    policy,
    ...keyedBy(room, statement, parameters, one.as),
    occurrences: occurrencesOf(statement, parameters, countRows),
    severalStatements: false,
    joined: one.leave,
    run: async () => carried(await one.run()),
  })
  return wrap(result)
}

/** A read that is about no table whose writes could leave it alone ends with all it depends on. */
export function policyOf(
  { policies }: StatementRoom,
  { statement, call }: Pick<Execution, 'statement' | 'call'>,
): Policy | undefined {
  const policy = policies.of(statement.model ?? '', call)
  return policy?.write === 'around' && !statement.rooted ? { ...policy, write: 'invalidate' } : policy
}

/** What tells a read from others: its text as `as`, unless it is the plain read of a row, which has several spellings. */
export function keyedBy(
  { rows }: StatementRoom,
  statement: Statement,
  parameters: readonly unknown[],
  as: string,
): Pick<ReadPlan<unknown>, 'as' | 'query'> {
  const row = rowQuery(rows.placesOf(statement), parameters)
  return row ? { as: ROW_READ, query: row } : { as, query: parameters }
}

/** The model of reads that are about no table of the schema. */
const RAW = 'raw'

function pastCache(
  { statement, run, leave }: Execution,
  bypass: BypassReason | undefined,
): ReadPlan<unknown> {
  return {
    operation: statement.operation,
    model: statement.model ?? RAW,
    policy: undefined,
    ...(bypass && { bypass }),
    query: undefined,
    occurrences: [],
    severalStatements: false,
    joined: leave,
    run,
  }
}

export const countRows = (result: unknown): number | undefined =>
  Array.isArray(result) ? result.length : undefined

function bypassOf(
  room: StatementRoom,
  { statement, parameters, shape, call, place }: Execution,
): BypassReason | undefined {
  if (statement.locks) return 'lock'
  if (place || room.raw.session()) return 'transaction'
  if (room.raw.parsing()) return 'dirty'
  if (call === false) return 'disabled'
  if (statement.opaque !== undefined || shape === 'result' || room.raw.strayed()) return 'opaque'
  return room.dialect === 'postgres' && parameters.some(volatileValue) ? 'opaque' : undefined
}

function write(room: StatementRoom, one: Execution): Promise<unknown> {
  const { statement, parameters, place } = one
  const session = room.raw.session()
  const changes = session && !place ? room.engine.everything() : changesOf(statement, parameters)
  // Of a transaction by hand no row can be told: it may be rolled back.
  const { through, ...shown } = shownBy(room, one)
  const plan: WritePlan<unknown> = {
    operation: statement.operation,
    model: modelOf(statement),
    changes,
    ...shown,
    ...(through && !session && { through }),
    failed: statementFailed,
    run: one.run,
  }
  return room.engine.write(plan, place ?? session)
}

/** What a call says a read writes is as good as raw SQL: it ends what writes through builders leave alone, too. */
export function modelOf({ model, declared }: Statement): string | undefined {
  return declared ? undefined : model
}
