import type { Clock } from '../base/clock.ts'
import { raiseMark } from '../marks/mark.ts'
import type { MarkRoom } from '../marks/marks.ts'
import type { Change, WritePlan } from '../plan/plan.ts'
import type { Schema } from '../plan/table.ts'
import type { Events } from '../report/events.ts'
import { withActions } from '../tags/actions.ts'
import type { TagSpace } from '../tags/read-tags.ts'
import { tagsOfReturned, tagsOfWrite, type WriteTag } from '../tags/write-tags.ts'
import type { Outcome, Transaction } from '../transaction/transaction.ts'
import type { Through } from '../write-through/plan.ts'

/** What writes of one host need, wired by the composition root. */
export interface WriteRoom extends MarkRoom {
  readonly clock: Clock
  readonly events: Events
  readonly space: TagSpace
  readonly schema: Schema
  /** How the row of a write is to be stored, if at all. */
  through<T>(
    plan: Pick<WritePlan<T>, 'operation' | 'through'>,
    changes: readonly Change[],
  ): Through<T> | undefined
  /** Whether a write returns only when its finish is acknowledged. */
  readonly awaitsFinish: boolean
}

/**
 * The write pipeline: tags → mark → run → learn → finish → store the row, where the model is written through; in a
 * transaction its scope does the marking.
 * @throws CacheError `LARDER_MARK_FAILED` before the statement runs, where a policy asks for that.
 */
export async function write<T>(room: WriteRoom, plan: WritePlan<T>, transaction?: Transaction): Promise<T> {
  const changes = withActions(room.schema, plan.changes)
  const through = room.through(plan, changes)
  const kind = { raw: plan.model === undefined, through: through?.table }
  const tags = tagsOfWrite(room.space, room.schema, changes, kind)
  const one: Writing<T> = {
    plan,
    tags,
    through,
    learn: (result) => learned(room, plan, changes, tags, result),
  }
  return transaction ? writeInside(one, transaction) : writeAlone(room, one)
}

/** One write on its way down. */
interface Writing<T> {
  readonly plan: WritePlan<T>
  readonly tags: readonly WriteTag[]
  readonly through: Through<T> | undefined
  readonly learn: (result: T) => readonly WriteTag[]
}

async function writeInside<T>(one: Writing<T>, transaction: Transaction): Promise<T> {
  const { plan, tags, through, learn } = one
  const statement = transaction.write(tags, through?.stakes, plan.returned !== undefined)
  // User tags that are not here when the rows are only keep these from being stored.
  void through?.begin()
  // Else nothing is awaited: statements of a transaction reach the driver in the order in which they were called.
  if (statement.ready) await statement.ready
  let result: T
  try {
    result = await plan.run()
  } catch (error) {
    statement.rejected()
    throw error
  }
  statement.learned(learn(result), through?.rows(result))
  return result
}

async function writeAlone<T>(room: WriteRoom, one: Writing<T>): Promise<T> {
  const { plan, tags, through, learn } = one
  const tell = teller(room, plan.operation, tags)
  const [mark] = await Promise.all([raiseMark(room, tags, through?.stakes), through?.begin()])
  if (mark.refusal) {
    await settled(room, mark.finish())
    tell('failed')
    throw mark.refusal
  }
  let result: T
  try {
    result = await plan.run()
  } catch (error) {
    // Only the server's own refusal proves that nothing was committed; a lost answer proves nothing.
    const failed = provenFailed(plan, error)
    if (failed) await settled(room, mark.finish())
    else mark.leave()
    tell(failed ? 'failed' : 'unknown')
    throw error
  }
  await settled(room, mark.finish(learn(result), through?.rows(result)))
  tell('committed')
  return result
}

/** Tells of the write when it is over. */
function teller(
  { clock, events }: WriteRoom,
  operation: string,
  tags: readonly WriteTag[],
): (outcome: Outcome) => void {
  const started = clock.now()
  return (outcome) => {
    if (!events.heard('write')) return
    const tables = tags.map((tag) => tag.table)
    events.emit('write', { operation, tables, outcome, duration: clock.now() - started })
  }
}

/** A host whose judgement fails has proven nothing. */
export function provenFailed({ failed }: Pick<WritePlan<unknown>, 'failed'>, error: unknown): boolean {
  try {
    return failed?.(error) === true
  } catch {
    return false
  }
}

/** What the result shows of the touched rows. The statement has succeeded: nothing here may fail it. */
export function learned<T>(
  room: WriteRoom,
  plan: Omit<WritePlan<T>, 'run'>,
  changes: readonly Change[],
  tags: readonly WriteTag[],
  result: T,
): readonly WriteTag[] {
  try {
    const shown = (index: number) =>
      index < plan.changes.length ? plan.returned?.(result, index) : undefined
    return tagsOfReturned(room.space, room.schema, changes, shown, { raw: plan.model === undefined })
  } catch (error) {
    const message = `rows returned by ${plan.operation} could not be read, so every key of its tables is invalidated: ${String(error)}`
    room.events.emit('warning', { code: 'returned-rows', message })
    return tags
  }
}

async function settled(room: WriteRoom, finish: Promise<void>): Promise<void> {
  if (room.awaitsFinish) await finish
}
