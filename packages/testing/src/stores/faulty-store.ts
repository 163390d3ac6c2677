import type { LoadLeases, Store } from '@larder/core/store'

const ALL = [
  'fetch',
  'seed',
  'mark',
  'renew',
  'finish',
  'set',
  'invalidateAll',
  'pause',
  'resume',
  'lease',
] as const

/** Calls of the store port that can be made to fail. */
export type StoreCall = (typeof ALL)[number]

/**
 * - `works`: passes on.
 * - `rejects`: fails and does nothing.
 * - `hangs`: neither answers nor does anything.
 * - `late`: does it and never answers.
 */
export type Fault = 'works' | 'rejects' | 'hangs' | 'late'

/** A store whose calls fail as they are told to. */
export interface FaultyStore extends Store {
  /** Sets the fault of some calls, or of all. */
  fail(fault: Fault, ...calls: readonly StoreCall[]): void
  /** Calls so far, by name, in order. */
  readonly calls: readonly StoreCall[]
}

export function faultyStore(store: Store): FaultyStore {
  const faults = new Map<StoreCall, Fault>()
  const calls: StoreCall[] = []
  const through = async <T>(name: StoreCall, call: () => Promise<T>): Promise<T> => {
    calls.push(name)
    const fault = faults.get(name) ?? 'works'
    if (fault === 'rejects') throw new Error(`simulated: ${name} failed`)
    if (fault === 'hangs') return new Promise<T>(() => {})
    const answer = await call()
    return fault === 'late' ? new Promise<T>(() => {}) : answer
  }
  return {
    source: 'store',
    open: (context) => store.open?.(context),
    calls,
    fail(fault, ...names) {
      for (const name of names.length ? names : ALL) faults.set(name, fault)
    },
    fetch: (entry, tags) => through('fetch', () => store.fetch(entry, tags)),
    seed: (tags, lifetime) => through('seed', () => store.seed(tags, lifetime)),
    mark: (request) => through('mark', () => store.mark(request)),
    renew: (request) => through('renew', () => store.renew(request)),
    finish: (request) => through('finish', () => store.finish(request)),
    set: (...args) => through('set', () => store.set(...args)),
    invalidateAll: () => through('invalidateAll', () => store.invalidateAll()),
    pause: (reason) => through('pause', async () => store.pause?.(reason)),
    resume: () => through('resume', async () => store.resume?.()),
    ...(store.leases && { leases: faultyLeases(store.leases, (call) => through('lease', call)) }),
    close: () => store.close(),
  }
}

function faultyLeases(leases: LoadLeases, through: <T>(call: () => Promise<T>) => Promise<T>): LoadLeases {
  return {
    acquire: (...args) => through(() => leases.acquire(...args)),
    join: (...args) => through(() => leases.join(...args)),
    renew: (...args) => through(() => leases.renew(...args)),
    release: (...args) => through(() => leases.release(...args)),
    subscribe: leases.subscribe,
  }
}
