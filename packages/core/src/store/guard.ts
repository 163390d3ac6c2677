import type { Clock } from '../clock.ts'
import type { Events } from '../events.ts'
import type { Store } from './store.ts'

/** Longest a read waits for the store before it goes to the database, in milliseconds. */
const READ_DEADLINE = 100
/** Longest a write waits for its marks. */
const MARK_DEADLINE = 2_000

/** What came of a guarded call: `ok: false` means that it failed, was late, or its effect is not known. */
export type Guarded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false }

type Call = 'fetch' | 'seed' | 'mark' | 'renew' | 'finish' | 'set' | 'invalidateAll'

/**
 * The store, made unable to fail a query: every call has a deadline, and every failure becomes a `store-error` event,
 * the first after a success a `store-state` event too, as is the first success after a failure. The one place that fails open.
 */
export type GuardedStore = Pick<Store, 'source' | 'close'> & {
  /** After `close`, every call fails at once and without an event. */
  readonly closed: boolean
} & {
  readonly [C in Call]: (...args: Parameters<Store[C]>) => Promise<Guarded<Awaited<ReturnType<Store[C]>>>>
}

/** A store of this process answers at once or throws: it needs no timer. */
export function guardStore(store: Store, clock: Clock, events: Events): GuardedStore {
  let closed = false
  let usable = true
  const tell = (now: boolean): void => {
    if (now === usable) return
    usable = now
    events.emit('store-state', { state: now ? 'ready' : 'unavailable' })
  }
  const guard = async <T>(action: Call, deadline: number, call: () => Promise<T>): Promise<Guarded<T>> => {
    if (closed) return { ok: false }
    try {
      const value = await (store.source === 'memory' ? call() : within(clock, deadline, action, call))
      tell(true)
      return { ok: true, value }
    } catch (error) {
      events.emit('store-error', { action, error })
      tell(false)
      return { ok: false }
    }
  }
  return {
    source: store.source,
    get closed() {
      return closed
    },
    async close() {
      closed = true
      await store.close()
    },
    fetch: (entry, tags) => guard('fetch', READ_DEADLINE, () => store.fetch(entry, tags)),
    seed: (tags, lifetime) => guard('seed', READ_DEADLINE, () => store.seed(tags, lifetime)),
    set: (...args) => guard('set', MARK_DEADLINE, () => store.set(...args)),
    mark: (request) => guard('mark', MARK_DEADLINE, () => store.mark(request)),
    renew: (request) => guard('renew', MARK_DEADLINE, () => store.renew(request)),
    finish: (request) => guard('finish', MARK_DEADLINE, () => store.finish(request)),
    invalidateAll: () => guard('invalidateAll', MARK_DEADLINE, () => store.invalidateAll()),
  }
}

function within<T>(clock: Clock, deadline: number, action: Call, call: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(deadline, () =>
      reject(new Error(`store ${action} took longer than ${deadline} ms`)),
    )
    call().then(resolve, reject).finally(cancel)
  })
}
