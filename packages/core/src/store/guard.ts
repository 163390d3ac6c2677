import type { Clock } from '../clock.ts'
import { CacheError } from '../errors.ts'
import type { Events } from '../events.ts'
import { createBreaker } from './breaker.ts'
import { createDeadline, type Deadline } from './deadline.ts'
import type { Store, StoreAtOnce } from './store.ts'

/** Longest a read waits for the store before it goes to the database, in milliseconds. */
const READ_DEADLINE = 100
/** Longest a write waits for its marks. */
const MARK_DEADLINE = 2_000

/** What came of a guarded call: `ok: false` means that it failed, was late, was not made, or its effect is not known. */
export type Guarded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown }

type Call = 'fetch' | 'seed' | 'mark' | 'renew' | 'finish' | 'set' | 'invalidateAll'

/**
 * The store, made unable to fail a query: every call has a deadline, and every failure becomes a `store-error` event.
 * Reads that fail in a row stop the next ones (see {@link createBreaker}); what writes have to say is always sent. The
 * one place that fails open.
 */
export type GuardedStore = Pick<Store, 'source' | 'close'> & {
  /** The store's own, if it has one and is open. Makes no mistakes that would need guarding. */
  readonly atOnce: StoreAtOnce | undefined
  /** After `close`, every call fails at once and without an event. */
  readonly closed: boolean
  /** Asks at once whether reads are answered again, if they were not. */
  probe(): void
} & {
  readonly [C in Call]: (...args: Parameters<Store[C]>) => Promise<Guarded<Awaited<ReturnType<Store[C]>>>>
}

/** A store of this process answers at once or throws: it needs no timer. */
export function guardStore(store: Store, clock: Clock, events: Events): GuardedStore {
  let closed = false
  const usable = tellState(events)
  const breaker = createBreaker(clock, () => usable.reads(!breaker.open))

  const reading = createDeadline(clock, READ_DEADLINE)
  const marking = createDeadline(clock, MARK_DEADLINE)

  const attempt = async <T>(
    action: Call,
    deadline: Deadline,
    call: () => Promise<T>,
  ): Promise<Guarded<T>> => {
    if (closed) return CLOSED
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
    if (answer.ok) breaker.answered()
    else if (!isMoving(answer))
      breaker.unanswered(async () => {
        const probed = await attempt(action, reading, call)
        return probed.ok || isMoving(probed)
      })
    return answer
  }
  const telling = async <T>(action: Call, table: string, call: () => Promise<T>): Promise<Guarded<T>> => {
    const answer = await attempt(action, marking, call)
    if (answer.ok) usable.heard(table)
    else if (!isMoving(answer)) usable.unheard(table)
    return answer
  }
  return {
    source: store.source,
    get atOnce() {
      return closed ? undefined : store.atOnce
    },
    get closed() {
      return closed
    },
    async close() {
      closed = true
      breaker.stop()
      await store.close()
    },
    probe: breaker.probe,
    fetch: (entry, tags) => asking('fetch', () => store.fetch(entry, tags)),
    seed: (tags, lifetime) => asking('seed', () => store.seed(tags, lifetime)),
    set: async (...args) => (breaker.open ? STOPPED : attempt('set', marking, () => store.set(...args))),
    mark: (request) => telling('mark', request.record, () => store.mark(request)),
    renew: (request) => telling('renew', request.record, () => store.renew(request)),
    finish: (request) => telling('finish', request.record, () => store.finish(request)),
    invalidateAll: () => telling('invalidateAll', EVERYTHING, () => store.invalidateAll()),
  }
}

const CLOSED = { ok: false, error: new Error('the cache is closed') } as const
const STOPPED = { ok: false, error: new Error('the store did not answer the last reads') } as const

/** Keys on their way from one server to another: the servers are well, and the next key may be at home. */
function isMoving({ error }: { readonly error: unknown }): boolean {
  return error instanceof CacheError && error.code === 'LARDER_STORE_MOVING'
}

/** Whether the store is of use to this process, as `store-state` tells it: once per change. */
interface Usable {
  /** Whether reads are sent to it. */
  reads(sent: boolean): void
  /** What a write had to say of a table arrived. */
  heard(record: string): void
  /** It did not, and the table waits for the next thing that does. */
  unheard(record: string): void
}

const EVERYTHING = '*'
/** Tables remembered by name; the journal has overflowed long before. */
const MOST_TABLES = 1_000

function tellState(events: Events): Usable {
  const waiting = new Set<string>()
  let asked = true
  let told = true
  const tell = (): void => {
    const usable = asked && !waiting.size
    if (usable === told) return
    told = usable
    events.emit('store-state', { state: usable ? 'ready' : 'unavailable' })
  }
  return {
    reads(sent) {
      asked = sent
      tell()
    },
    heard(record) {
      if (!waiting.size) return
      if (record === EVERYTHING) waiting.clear()
      else waiting.delete(record)
      tell()
    },
    unheard(record) {
      if (waiting.size < MOST_TABLES) waiting.add(record)
      tell()
    },
  }
}
