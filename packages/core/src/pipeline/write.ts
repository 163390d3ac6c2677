import type { Clock } from '../base/clock.ts'
import type { MarkDeps } from '../marks/marks.ts'
import { raiseMark } from '../marks/statement-mark.ts'
import type { Change, WritePlan } from '../plan/plan.ts'
import type { Schema } from '../plan/table.ts'
import type { Events } from '../report/events.ts'
import { withActions } from '../tags/actions.ts'
import type { TagSpace } from '../tags/read-tags.ts'
import { tagsOfReturned, tagsOfWrite, type WriteTag } from '../tags/write-tags.ts'
import type { Outcome, Transaction } from '../transaction/transaction.ts'
import type { WriteThroughPlan } from '../write-through/plan.ts'
import { RowStorage } from '../write-through/row-storage.ts'

/** What writes of one host need, wired by the composition root. */
export interface WriteDeps extends MarkDeps {
  readonly clock: Clock
  readonly events: Events
  readonly space: TagSpace
  readonly schema: Schema
  /** How the row of a write is to be stored, if at all. */
  through<T>(
    plan: Pick<WritePlan<T>, 'operation' | 'through'>,
    changes: readonly Change[],
  ): WriteThroughPlan<T> | undefined
  /** Whether a write returns only when its finish is acknowledged. */
  readonly awaitsFinish: boolean
}

/** All of a plan but how its statement runs. */
export type PlannedWrite<T> = Omit<WritePlan<T>, 'run'>

/** One write on its way down. */
export interface PreparedWrite<T> {
  readonly tags: readonly WriteTag[]
  readonly through: WriteThroughPlan<T> | undefined
  /** What the result shows of the touched rows. Never throws: the statement has succeeded. */
  returned(result: T): readonly WriteTag[]
  /** Whether an error proves that nothing was committed. Only the server's own refusal does; a lost answer proves nothing. */
  failed(error: unknown): boolean
  /** Reports the write when it is over. */
  report(outcome: Outcome): void
}

/**
 * The write pipeline: tags → mark → run → learn → finish → store the row, where the model is written through; in a
 * transaction its scope does the marking.
 * @throws CacheError `LARDER_MARK_FAILED` before the statement runs, where a policy asks for that.
 */
export async function write<T>(deps: WriteDeps, plan: WritePlan<T>, transaction?: Transaction): Promise<T> {
  const prepared = prepareWrite(deps, plan, true)
  return transaction ? writeInside(plan, prepared, transaction) : writeAlone(deps, plan, prepared)
}

/**
 * What is known of a write before its statement runs, for both kinds of driver.
 * @param mayStore false: its row is not written through, whatever its model says.
 */
export function prepareWrite<T>(deps: WriteDeps, plan: PlannedWrite<T>, mayStore: boolean): PreparedWrite<T> {
  return new StatementWrite(deps, plan, mayStore)
}

/** A class, because every write creates one, and closures would cost more than what they do. */
class StatementWrite<T> implements PreparedWrite<T> {
  readonly tags: readonly WriteTag[]
  readonly through: WriteThroughPlan<T> | undefined
  private readonly deps: WriteDeps
  private readonly plan: PlannedWrite<T>
  private readonly changes: readonly Change[]
  private readonly started: number

  constructor(deps: WriteDeps, plan: PlannedWrite<T>, mayStore: boolean) {
    const { space, schema } = deps
    this.deps = deps
    this.plan = plan
    this.started = deps.clock.now()
    this.changes = withActions(schema, plan.changes)
    this.through = mayStore && plan.through ? deps.through(plan, this.changes) : undefined
    const kind = { raw: plan.model === undefined, through: this.through?.table }
    this.tags = tagsOfWrite(space, schema, this.changes, kind)
  }

  returned(result: T): readonly WriteTag[] {
    const { deps, plan, changes, tags } = this
    return plan.returned ? returnedTags(deps, plan, changes, tags, result) : tags
  }

  failed(error: unknown): boolean {
    return provenFailed(this.plan, error)
  }

  report(outcome: Outcome): void {
    const { events, clock } = this.deps
    const { listeners, channel } = events.audiences.write
    if (!listeners.size && !channel.hasSubscribers) return
    const { operation } = this.plan
    const tables = this.tags.map((tag) => tag.table)
    events.emit('write', { operation, tables, outcome, duration: clock.now() - this.started })
  }
}

async function writeInside<T>(
  plan: WritePlan<T>,
  prepared: PreparedWrite<T>,
  transaction: Transaction,
): Promise<T> {
  const { tags, through } = prepared
  const statement = transaction.write(tags, through, plan.returned !== undefined)
  // User tags that are not here when the rows are only keep these from being stored.
  void through?.begin()
  // Else nothing is awaited: statements of a transaction reach the driver in the order in which they were called.
  if (statement.ready) await statement.ready
  let result: T
  try {
    result = await plan.run()
  } catch (error) {
    statement.fail()
    throw error
  }
  through?.read(result)
  statement.succeed(prepared.returned(result))
  return result
}

async function writeAlone<T>(deps: WriteDeps, plan: WritePlan<T>, prepared: PreparedWrite<T>): Promise<T> {
  const { tags, through } = prepared
  const storage = through && new RowStorage(through)
  const marking = raiseMark(deps, tags, storage)
  if (through) await through.begin()
  const mark = await marking
  if (mark.refusal) {
    await settled(deps, mark.finish())
    prepared.report('failed')
    throw mark.refusal
  }
  let result: T
  try {
    result = await plan.run()
  } catch (error) {
    const failed = prepared.failed(error)
    if (failed) await settled(deps, mark.finish())
    else mark.abandon()
    prepared.report(failed ? 'failed' : 'unknown')
    throw error
  }
  through?.read(result)
  storage?.confirm(through?.rows ?? [])
  await settled(deps, mark.finish(prepared.returned(result)))
  prepared.report('committed')
  return result
}

/** False if the host's function throws: nothing is proven then. */
function provenFailed({ failed }: Pick<PlannedWrite<never>, 'failed'>, error: unknown): boolean {
  try {
    return failed?.(error) === true
  } catch {
    return false
  }
}

function returnedTags<T>(
  deps: WriteDeps,
  plan: PlannedWrite<T>,
  changes: readonly Change[],
  tags: readonly WriteTag[],
  result: T,
): readonly WriteTag[] {
  try {
    const shown = (index: number) =>
      index < plan.changes.length ? plan.returned?.(result, index) : undefined
    return tagsOfReturned(deps.space, deps.schema, changes, shown, { raw: plan.model === undefined })
  } catch (error) {
    const message = `rows returned by ${plan.operation} could not be read, so every key of its tables is invalidated: ${String(error)}`
    deps.events.emit('warning', { code: 'returned-rows', message })
    return tags
  }
}

async function settled(deps: WriteDeps, finish: Promise<void>): Promise<void> {
  if (deps.awaitsFinish) await finish
}
