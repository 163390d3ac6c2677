import type { Clock } from './clock.ts'
import type { Events } from './events.ts'
import { type MarkRoom, raiseMark } from './fence/mark.ts'
import type { Outcome, Transaction } from './fence/transaction.ts'
import type { Change, WritePlan } from './plan.ts'
import type { Schema } from './schema/table.ts'
import { withActions } from './tags/actions.ts'
import type { TagSpace } from './tags/read-tags.ts'
import { tagsOfReturned, tagsOfWrite, type WriteTag } from './tags/write-tags.ts'

/** What writes of one host need, wired by the composition root. */
export interface WriteRoom extends MarkRoom {
  readonly clock: Clock
  readonly events: Events
  readonly space: TagSpace
  readonly schema: Schema
  /** Whether a write returns only when its finish is acknowledged. */
  readonly awaitsFinish: boolean
}

/**
 * The write pipeline: tags → mark → run → learn → finish; in a transaction its scope does the marking.
 * @throws CacheError `LARDER_MARK_FAILED` before the statement runs, where a policy asks for that.
 */
export async function write<T>(room: WriteRoom, plan: WritePlan<T>, transaction?: Transaction): Promise<T> {
  const changes = withActions(room.schema, plan.changes)
  const tags = tagsOfWrite(room.space, room.schema, changes)
  const learn = (result: T): readonly WriteTag[] => learned(room, plan, changes, tags, result)
  return transaction ? writeInside(plan, tags, learn, transaction) : writeAlone(room, plan, tags, learn)
}

async function writeInside<T>(
  plan: WritePlan<T>,
  tags: readonly WriteTag[],
  learn: (result: T) => readonly WriteTag[],
  transaction: Transaction,
): Promise<T> {
  const statement = await transaction.write(tags)
  let result: T
  try {
    result = await plan.run()
  } catch (error) {
    statement.rejected()
    throw error
  }
  statement.learned(learn(result))
  return result
}

async function writeAlone<T>(
  room: WriteRoom,
  plan: WritePlan<T>,
  tags: readonly WriteTag[],
  learn: (result: T) => readonly WriteTag[],
): Promise<T> {
  const started = room.clock.now()
  const tell = (outcome: Outcome): void => {
    if (!room.events.heard('write')) return
    const tables = tags.map((tag) => tag.table)
    room.events.emit('write', {
      operation: plan.operation,
      tables,
      outcome,
      duration: room.clock.now() - started,
    })
  }
  const mark = await raiseMark(room, tags)
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
  await settled(room, mark.finish(learn(result)))
  tell('committed')
  return result
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
    return tagsOfReturned(room.space, room.schema, changes, (index) =>
      index < plan.changes.length ? plan.returned?.(result, index) : undefined,
    )
  } catch (error) {
    const message = `rows returned by ${plan.operation} could not be read, so every key of its tables is invalidated: ${String(error)}`
    room.events.emit('warning', { code: 'returned-rows', message })
    return tags
  }
}

async function settled(room: WriteRoom, finish: Promise<void>): Promise<void> {
  if (room.awaitsFinish) await finish
}
