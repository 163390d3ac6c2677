import type { Clock } from '../base/clock.ts'
import type { Events } from '../report/events.ts'
import { createDeadline, type Deadline, FunctionCall, type TimedCall } from './deadline.ts'
import { CLOSED, type Guarded, isMoving } from './guarded.ts'
import type { SilentMarks } from './silence.ts'
import type { Store } from './store.ts'
import { EVERYTHING, type Usability } from './usability.ts'

/** After this time (ms) without an answer, transactions wait neither for this mark nor for the next one. */
const MARK_PATIENCE = 100
/**
 * After this time (ms) a mark has failed. A single write, or one under `onMarkFailure: 'reject'`, waits no longer. It is half of
 * the time that Prisma lets other queries wait for a connection.
 */
const MARK_DEADLINE = 1_000

type WriteCall = 'mark' | 'renew' | 'finish' | 'invalidateAll'

/** Calls of writes: they have a deadline, never reject, and are always sent. */
export type GuardedWrites = {
  readonly [C in WriteCall]: (
    ...args: Parameters<Store[C]>
  ) => Promise<Guarded<Awaited<ReturnType<Store[C]>>>>
}

/** What guarding the calls of writes needs. */
export interface GuardedWriteDeps {
  readonly store: Store
  readonly clock: Clock
  readonly events: Events
  readonly silence: SilentMarks
  readonly usable: Usability
  /** Of every call but a mark. */
  readonly writing: Deadline
  /** After `close`, every call fails at once and without an event. */
  readonly state: { readonly closed: boolean }
}

export function guardWrites(deps: GuardedWriteDeps): GuardedWrites {
  const { store, writing } = deps
  const send = <T>(action: WriteCall, record: string, call: () => Promise<T>): Promise<Guarded<T>> =>
    deps.state.closed || store.source === 'memory'
      ? sendLocal(deps, action, record, call)
      : new Promise((resolve) => {
          const acknowledged = (value: T): T => {
            // Even if it is late, the store has executed it.
            deps.silence.answered(record === EVERYTHING ? undefined : record)
            return value
          }
          writing.begin(
            new FunctionCall<T>(
              action,
              () => started(call).then(acknowledged),
              (answer) => resolve(reported(deps, action, record, answer)),
            ),
          )
        })
  const sendMark = store.source === 'memory' ? undefined : markSender(deps)
  return {
    mark: (request) =>
      sendMark && !deps.state.closed
        ? sendMark(request)
        : sendLocal(deps, 'mark', request.record, () => store.mark(request)),
    renew: (request) => send('renew', request.record, () => store.renew(request)),
    finish: (request) => send('finish', request.record, () => store.finish(request)),
    invalidateAll: () => send('invalidateAll', EVERYTHING, () => store.invalidateAll()),
  }
}

/** A store in this process is never silent, and needs no timer. It answers immediately or throws. */
async function sendLocal<T>(
  deps: GuardedWriteDeps,
  action: WriteCall,
  record: string,
  call: () => Promise<T>,
): Promise<Guarded<T>> {
  if (deps.state.closed) {
    deps.usable.failed(record)
    return CLOSED
  }
  try {
    return reported(deps, action, record, { ok: true, value: await call() })
  } catch (error) {
    return reported(deps, action, record, { ok: false, error })
  }
}

/** A store that throws has failed like one that rejects. */
function started<T>(call: () => Promise<T>): Promise<T> {
  try {
    return call()
  } catch (error) {
    return Promise.reject(error)
  }
}

function reported<T>(
  { events, usable }: GuardedWriteDeps,
  action: WriteCall,
  record: string,
  answer: Guarded<T>,
): Guarded<T> {
  if (answer.ok) {
    if (usable.failures.size) usable.acknowledged(record)
    return answer
  }
  events.emit('store-error', { action, error: answer.error })
  if (!isMoving(answer)) usable.failed(record)
  return answer
}

/**
 * Sends marks, and records which of them the store does not answer in time. There are two deadlines, one after the other: when
 * the first one is over, the mark counts as silent. Most marks are answered before that.
 */
function markSender(deps: GuardedWriteDeps): GuardedWrites['mark'] {
  const { store, silence, clock } = deps
  const first = createDeadline(clock, MARK_PATIENCE, 'repeated')
  const second = createDeadline(clock, MARK_DEADLINE - MARK_PATIENCE)
  return (request) =>
    new Promise((resolve) => {
      const { record } = request
      const mark = silence.sent(record)
      let rejected = false
      let sent: ReturnType<Store['mark']> | undefined
      const send = (): ReturnType<Store['mark']> => {
        sent ??= started(() => store.mark(request)).then(
          (value) => {
            silence.answered(record)
            return value
          },
          (error: unknown) => {
            rejected = true
            throw error
          },
        )
        return sent
      }
      const over = (answer: Guarded<Awaited<ReturnType<Store['mark']>>>): void => {
        reported(deps, 'mark', record, answer)
        silence.over(mark)
        // A store that rejects at once does answer, so the next mark is worth waiting for.
        if (!answer.ok && silence.has(record, 'short') && !isMoving(answer)) silence.noAnswer(mark, 'long')
        resolve(answer)
      }
      const secondCall = (): TimedCall<unknown> =>
        new FunctionCall('mark', send, (late) =>
          over(
            late.ok || rejected
              ? late
              : { ok: false, error: new Error(`store mark took longer than ${MARK_DEADLINE} ms`) },
          ),
        )
      first.begin(
        new FunctionCall('mark', send, (inTime) => {
          if (inTime.ok || rejected) return over(inTime)
          silence.noAnswer(mark, 'short')
          second.begin(secondCall())
        }),
      )
    })
}
