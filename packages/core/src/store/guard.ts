import type { Clock } from '../base/clock.ts'
import { CacheError } from '../base/errors.ts'
import type { Events } from '../report/events.ts'
import { type Breaker, createBreaker } from './breaker.ts'
import { createDeadline, type Deadline } from './deadline.ts'
import type { LoadLeases } from './load-leases.ts'
import { createOpenCalls } from './open-calls.ts'
import { createSilentMarks, type SilentMarks } from './silence.ts'
import type { Store, SyncStore } from './store.ts'
import { createUsability, EVERYTHING } from './usability.ts'

/** Longest a read waits for the store before it goes to the database, in milliseconds. */
const READ_DEADLINE = 100
/** A mark that is not answered for so long is not waited for by transactions, nor is the next one. */
const MARK_PATIENCE = 100
/**
 * After this time a mark has failed: the longest that a write of its own, or one under `onMarkFailure: 'reject'`, waits.
 * Half of what Prisma lets others wait for a connection.
 */
const MARK_DEADLINE = 1_000
/** Longest for everything else that a write has to say. */
const TELL_DEADLINE = 2_000

/** What came of a guarded call: `ok: false` means that it failed, was late, was not made, or its effect is not known. */
export type Guarded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown }

/** What an operator asks for: unlike all other calls, it fails where the store does. */
type Order = 'pause' | 'resume'

/** What asks for leases on loads. */
type LeaseCall = Exclude<keyof LoadLeases, 'subscribe'>

/** Leases whose calls have a deadline and never reject. */
export type GuardedLeases = Pick<LoadLeases, 'subscribe'> & {
  readonly [C in LeaseCall]: (
    ...args: Parameters<LoadLeases[C]>
  ) => Promise<Guarded<Awaited<ReturnType<LoadLeases[C]>>>>
}

type Call = 'fetch' | 'seed' | 'mark' | 'renew' | 'finish' | 'set' | 'invalidateAll'

/**
 * The store, made unable to fail a query: every call has a deadline, and every failure becomes a `store-error` event.
 * Reads that fail in a row stop the next ones (see {@link createBreaker}); what writes have to say is always sent. The
 * one place that fails open.
 */
export type GuardedStore = Pick<Store, 'source' | 'close'> & {
  /** The store's own, if it has one and is open. Makes no mistakes that would need guarding. */
  readonly sync: SyncStore | undefined
  /** The store's, if it has any. */
  readonly leases: GuardedLeases | undefined
  /** After `close`, every call fails at once and without an event. */
  readonly closed: boolean
  /** Asks at once whether reads are answered again, if they were not. */
  probe(): void
  /** Whose marks are not answered: they are sent all the same. */
  readonly silence: Pick<SilentMarks, 'has' | 'watch'>
  /** Resolves when every entry that is being stored now was acknowledged, or is given up. */
  stored(): Promise<void>
  /**
   * Pauses the fleet.
   * @throws CacheError `LARDER_STORE` if the store does not acknowledge it, `LARDER_CONFIG` if it cannot do that.
   */
  pause(reason: string): Promise<void>
  /** Ends the pause of the fleet. @throws CacheError as `pause` does. */
  resume(): Promise<void>
} & {
  readonly [C in Call]: (...args: Parameters<Store[C]>) => Promise<Guarded<Awaited<ReturnType<Store[C]>>>>
}

/** `T` with some members that its maker may set. */
type Mutable<T, K extends keyof T> = Omit<T, K> & { -readonly [M in K]: T[M] }

/** A store of this process answers at once or throws: it needs no timer. */
export function guardStore(store: Store, clock: Clock, events: Events): GuardedStore {
  const usable = createUsability(events)
  const breaker = createBreaker(clock, () => usable.reads(!breaker.open))

  const reading = createDeadline(clock, READ_DEADLINE)
  const telling = createDeadline(clock, TELL_DEADLINE)
  const silence = createSilentMarks()

  const attempt = async <T>(
    action: Call | Order | 'lease',
    deadline: Deadline,
    call: () => Promise<T>,
  ): Promise<Guarded<T>> => {
    if (guarded.closed) return CLOSED
    try {
      const inTime = store.source === 'memory' ? call() : deadline.within(action, call)
      return { ok: true, value: await inTime }
    } catch (error) {
      events.emit('store-error', { action, error })
      return { ok: false, error }
    }
  }
  const asking = async <T>(action: Call, call: () => Promise<T>): Promise<Guarded<T>> => {
    const answer = breaker.open ? STOPPED : await attempt(action, reading, call)
    if (answer.ok) {
      breaker.answered()
      silence.signOfLife()
    } else if (!isMoving(answer))
      breaker.unanswered(async () => {
        const probed = await attempt(action, reading, call)
        return probed.ok || isMoving(probed)
      })
    return answer
  }
  const tell = async <T>(
    action: Call,
    record: string,
    deadline: Deadline,
    call: () => Promise<T>,
  ): Promise<Guarded<T>> => {
    const heard = async (): Promise<T> => {
      const value = await call()
      // However late: the store has it.
      silence.answered(record === EVERYTHING ? undefined : record)
      return value
    }
    const answer = await attempt(action, deadline, heard)
    if (!answer.ok) {
      if (!isMoving(answer)) usable.failed(record)
    } else if (usable.failures.size) usable.acknowledged(record)
    return answer
  }
  const guarded: Mutable<GuardedStore, 'sync' | 'closed'> = {
    source: store.source,
    sync: store.sync,
    leases: guardLeases(store.leases, breaker, (call) => attempt('lease', reading, call)),
    closed: false,
    close() {
      guarded.closed = true
      guarded.sync = undefined
      breaker.stop()
      return store.close()
    },
    probe: breaker.probe,
    silence,
    fetch: (entry, tags) => asking('fetch', () => store.fetch(entry, tags)),
    seed: (tags, lifetime) => asking('seed', () => store.seed(tags, lifetime)),
    ...guardPuts(store, breaker, (call) => attempt('set', telling, call)),
    mark: guardMark(store, silence, inTwoSteps(clock), (...args) => tell('mark', ...args)),
    renew: (request) => tell('renew', request.record, telling, () => store.renew(request)),
    finish: (request) => tell('finish', request.record, telling, () => store.finish(request)),
    ...guardOrders(store, (action, call) => attempt(action, telling, call)),
    invalidateAll: () => tell('invalidateAll', EVERYTHING, telling, () => store.invalidateAll()),
  }
  return guarded
}

/** A lease that fails costs at most one more query, so failures do not count for the breaker. */
function guardLeases(
  leases: LoadLeases | undefined,
  breaker: Breaker,
  attempt: <T>(call: () => Promise<T>) => Promise<Guarded<T>>,
): GuardedLeases | undefined {
  if (!leases) return undefined
  const guard = async <T>(call: () => Promise<T>): Promise<Guarded<T>> =>
    breaker.open ? STOPPED : attempt(call)
  return {
    acquire: (...args) => guard(() => leases.acquire(...args)),
    join: (...args) => guard(() => leases.join(...args)),
    renew: (...args) => guard(() => leases.renew(...args)),
    release: (...args) => guard(() => leases.release(...args)),
    subscribe: leases.subscribe,
  }
}

/** Stores entries, and knows which of them are on their way. */
function guardPuts(
  store: Store,
  breaker: Breaker,
  attempt: (call: () => Promise<void>) => Promise<Guarded<void>>,
): Pick<GuardedStore, 'set' | 'stored'> {
  const puts = createOpenCalls()
  return {
    set: async (...args) => (breaker.open ? STOPPED : puts.add(attempt(() => store.set(...args)))),
    stored: puts.ended,
  }
}

/** Makes what an operator asks for fail as the store does: nothing else would tell them that it had no effect. */
function guardOrders(
  store: Store,
  attempt: (action: Order, call: () => Promise<void>) => Promise<Guarded<void>>,
): Pick<GuardedStore, Order> {
  const order = async (action: Order, call: (() => Promise<void>) | undefined): Promise<void> => {
    if (!call)
      throw new CacheError(
        'LARDER_CONFIG',
        `this store cannot ${action} the fleet: use memoryStore() or valkeyStore(…), or call ${action} in each process`,
      )
    const answer = await attempt(action, call)
    if (answer.ok) return
    const { error } = answer
    if (error instanceof CacheError) throw error
    const cause = error instanceof Error ? error.message : String(error)
    throw new CacheError('LARDER_STORE', `the store did not acknowledge ${action}: ${cause}`, {
      cause: error,
    })
  }
  return {
    pause: (reason) => order('pause', store.pause && (async () => store.pause?.(reason))),
    resume: () => order('resume', store.resume && (async () => store.resume?.())),
  }
}

type Mark = GuardedStore['mark']

/** Notes which marks are not answered, and in which time. */
function guardMark(
  store: Store,
  silence: SilentMarks,
  patient: (late: () => void) => Deadline,
  tell: (record: string, deadline: Deadline, call: () => ReturnType<Store['mark']>) => ReturnType<Mark>,
): Mark {
  return async (request) => {
    const { record } = request
    const mark = silence.sent(record)
    const deadline = patient(() => silence.noAnswer(mark, 'short'))
    const answer = await tell(record, deadline, () => store.mark(request))
    silence.over(mark)
    // An error that came at once is an answer: the next one may be better.
    if (!answer.ok && silence.has(record, 'short') && !isMoving(answer)) silence.noAnswer(mark, 'long')
    return answer
  }
}

/** Two deadlines, one after the other: when the first is over `late` is called. Most calls need no more than that one. */
function inTwoSteps(clock: Clock): (late: () => void) => Deadline {
  const first = createDeadline(clock, MARK_PATIENCE)
  const second = createDeadline(clock, MARK_DEADLINE - MARK_PATIENCE)
  return (late) => ({
    async within(what, call) {
      const answer = call()
      let settled = false
      const over = (): void => {
        settled = true
      }
      answer.then(over, over)
      try {
        return await first.within(what, () => answer)
      } catch (error) {
        if (settled) throw error
        late()
      }
      return second
        .within(what, () => answer)
        .catch((error: unknown) => {
          throw settled ? error : new Error(`store ${what} took longer than ${MARK_DEADLINE} ms`)
        })
    },
  })
}

const CLOSED = { ok: false, error: new Error('the cache is closed') } as const
const STOPPED = { ok: false, error: new Error('the store did not answer the last reads') } as const

/** Keys on their way from one server to another: the servers are well, and the next key may be at home. */
function isMoving({ error }: { readonly error: unknown }): boolean {
  return error instanceof CacheError && error.code === 'LARDER_STORE_MOVING'
}
