import type { Clock } from '../base/clock.ts'
import { CacheError } from '../base/errors.ts'
import type { Events } from '../report/events.ts'
import { type Breaker, createBreaker } from './breaker.ts'
import { createDeadline, type Deadline } from './deadline.ts'
import { CLOSED, type Guarded, STOPPED } from './guarded.ts'
import { type GuardedLeases, guardLeases } from './guarded-leases.ts'
import { type GuardedReads, guardReads } from './guarded-reads.ts'
import { type GuardedWrites, guardWrites } from './guarded-writes.ts'
import { createOpenCalls } from './open-calls.ts'
import { createSilentMarks, type SilentMarks } from './silence.ts'
import type { Store, SyncStore } from './store.ts'
import { createUsability } from './usability.ts'

/** How long a read waits for the store before it goes to the database, in milliseconds. */
const READ_DEADLINE = 100
/** How long the other calls of a write may take, in milliseconds. */
const WRITE_DEADLINE = 2_000

/** Calls of an operator. Unlike all others, they reject if the store does. */
type Order = 'pause' | 'resume'

/**
 * A store that cannot fail a query. Every call has a deadline, and every failure becomes a `store-error` event. After several
 * failed reads in a row, reads are no longer sent (see {@link createBreaker}). Calls of writes are always sent.
 */
export type GuardedStore = Pick<Store, 'source' | 'close'> &
  GuardedReads &
  GuardedWrites & {
    /** Synchronous access, if the store has it and is open. It cannot fail, so it is not guarded. */
    readonly sync: SyncStore | undefined
    /** The store's. Undefined: it does not count them. */
    readonly packetsSent: () => number | undefined
    /** The store's, if it has any. */
    readonly leases: GuardedLeases | undefined
    /** After `close`, every call fails at once and without an event. */
    readonly closed: boolean
    /** If reads are not sent at the moment: checks at once whether the store answers again. */
    probe(): void
    /** Records whose marks the store does not answer. Their marks are sent all the same. */
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
    /** Stores an entry. Not sent while reads are not. */
    set(...args: Parameters<Store['set']>): Promise<Guarded<void>>
  }

/** `T` with some members that may be set. */
type Mutable<T, K extends keyof T> = Omit<T, K> & { -readonly [M in K]: T[M] }

/** Guards a store. A store in this process needs no timer, because it answers synchronously or throws. */
export function guardStore(store: Store, clock: Clock, events: Events): GuardedStore {
  const usable = createUsability(events)
  const breaker = createBreaker(clock, () => usable.reads(!breaker.open))

  const reading = createDeadline(clock, READ_DEADLINE, 'frequent')
  const writing = createDeadline(clock, WRITE_DEADLINE, 'repeated')
  const silence = createSilentMarks()
  const state = { closed: false }

  const attempt = async <T>(
    action: 'set' | Order | 'lease',
    deadline: Pick<Deadline, 'within'>,
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
  const guarded: Mutable<GuardedStore, 'sync' | 'closed'> = {
    source: store.source,
    sync: store.sync,
    packetsSent: store.packetsSent ?? (() => undefined),
    leases: guardLeases(store.leases, breaker, attempt, [reading, writing]),
    closed: false,
    close() {
      guarded.closed = true
      state.closed = true
      guarded.sync = undefined
      breaker.stop()
      return store.close()
    },
    probe: breaker.probe,
    silence,
    ...guardReads({
      store,
      reading,
      breaker,
      events,
      isClosed: () => guarded.closed,
      answered: silence.signOfLife,
    }),
    ...guardPuts(store, breaker, (call) => attempt('set', writing, call)),
    ...guardWrites({ store, clock, events, silence, usable, writing, state }),
    ...guardOrders(store, (action, call) => attempt(action, writing, call)),
  }
  return guarded
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

/** The calls of an operator. They reject, because nothing else would show that they had no effect. */
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
