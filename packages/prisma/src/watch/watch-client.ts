import type { Cache } from '@larder/core'
import type { ConnectionSource } from '@larder/core/host'
import { type ConnectedSource, connectedSource } from '../connection/connected.ts'
import { type Announcements, createAnnouncements } from '../transaction/announcements.ts'
import { type AdapterFactory, observed, type StatementObserver, type TransactionToken } from './adapter.ts'

/** Watches one driver adapter, for every cache that its clients use. */
export interface AdapterWatch {
  /** The database of the client, as its driver shows it once it is connected. */
  readonly connection: ConnectionSource
  /** What the operations of this cache's clients announce. */
  announcementsOf(cache: Cache): Announcements
  /** Adds the observer of a cache, and replaces an earlier one of the same cache. */
  observe(cache: Cache, observer: StatementObserver): void
}

const byFactory = new WeakMap<object, AdapterWatch>()
const byEngine = new WeakMap<object, AdapterWatch>()

/**
 * Wraps a driver adapter so that Larder sees every statement that Prisma sends through it. You need it only for a client that
 * connects before it is extended: the warning `unwatched-client` says so. A wrapped adapter is returned as it is.
 * @returns an adapter that behaves like the given one.
 * @example
 * ```ts
 * const adapter = larderAdapter(new PrismaPg({ connectionString }))
 * const base = new PrismaClient({ adapter })
 * await base.$connect()
 * const prisma = base.$extends(prismaCache({ cache, datamodel, models }))
 * ```
 */
export function larderAdapter<F extends AdapterFactory>(adapter: F): F {
  if (byFactory.has(adapter)) return adapter
  // Several clients may be made with one adapter.
  const { watch, observer, connection } = createAdapterWatch(connectedSource('several'))
  const watched = observed(adapter, observer, connection.connected)
  byFactory.set(watched, watch)
  return watched
}

/** A Prisma client's engine, as far as it is known. All clients extended from one client share it. */
interface ClientEngine {
  tracingHelper: object
  start(): Promise<void>
}

interface Client {
  readonly _originalClient?: {
    _engine?: ClientEngine
    readonly _engineConfig?: { readonly adapter?: AdapterFactory }
  }
}

/**
 * Watches the driver adapter of a client that has not connected yet. Other clients may use the same adapter, so it stays
 * as it is: the client gets a new engine over a watched adapter.
 * @returns undefined if the client has connected, or does not look as Prisma 7 makes it.
 */
export function watchClient(client: unknown): AdapterWatch | undefined {
  const original = (client as Client)._originalClient
  const engine = original?._engine
  const config = original?._engineConfig
  const adapter = config?.adapter
  if (!engine || typeof adapter?.connect !== 'function') return undefined
  const existing = byEngine.get(engine) ?? byFactory.get(adapter)
  if (existing) return existing
  const { watch, observer, connection } = createAdapterWatch(connectedSource('one'))
  const watched = observed(adapter, observer, connection.connected)
  const replacement = engineLike(engine, { ...config, adapter: watched })
  if (!replacement || !isIdle(engine)) return undefined
  original._engine = replacement
  byEngine.set(replacement, watch)
  return watch
}

function engineLike(engine: ClientEngine, config: object): ClientEngine | undefined {
  try {
    const Engine = engine.constructor as new (config: object) => ClientEngine
    const created = new Engine(config)
    return typeof created.start === 'function' && 'tracingHelper' in created ? created : undefined
  } catch {
    return undefined
  }
}

/**
 * True if an engine has never connected. Its state is private, but connecting begins with a call of its `tracingHelper`,
 * which is replaced here by one that never goes on. Do not use an engine again for which this returned true.
 */
function isIdle(engine: ClientEngine): boolean {
  const helper = engine.tracingHelper
  let connects = false
  engine.tracingHelper = new Proxy(helper, {
    get(target, name) {
      if (name !== 'runInChildSpan') return Reflect.get(target, name)
      return () => {
        connects = true
        return new Promise(() => {})
      }
    },
  })
  try {
    void engine.start().catch(() => {})
  } finally {
    engine.tracingHelper = helper
  }
  return connects
}

interface CreatedWatch {
  readonly watch: AdapterWatch
  readonly observer: StatementObserver
  readonly connection: ConnectedSource
}

function createAdapterWatch(connection: ConnectedSource): CreatedWatch {
  const announcements = new WeakMap<Cache, Announcements>()
  const observers = new WeakMap<Cache, StatementObserver>()
  // A cache that is given up is not kept for the client's sake.
  let caches: WeakRef<Cache>[] = []
  const all = (): readonly StatementObserver[] =>
    caches.flatMap((ref) => {
      const cache = ref.deref()
      return (cache && observers.get(cache)) ?? []
    })
  type ObserveStatement = <T>(observer: StatementObserver, send: () => Promise<T>) => Promise<T>
  const through = <T>(send: () => Promise<T>, observe: ObserveStatement): Promise<T> =>
    all().reduce<() => Promise<T>>((inner, observer) => () => observe(observer, inner), send)()
  return {
    connection,
    watch: {
      connection,
      announcementsOf(cache) {
        const ofCache = announcements.get(cache) ?? createAnnouncements()
        announcements.set(cache, ofCache)
        return ofCache
      },
      observe(cache, observer) {
        if (!observers.has(cache)) caches = [...caches.filter((ref) => ref.deref()), new WeakRef(cache)]
        observers.set(cache, observer)
      },
    },
    observer: {
      begin(transaction: TransactionToken) {
        for (const observer of all()) observer.begin(transaction)
      },
      statement: (sql, transaction, send) =>
        through(send, (observer, inner) => observer.statement(sql, transaction, inner)),
      commit: (transaction, send) => through(send, (observer, inner) => observer.commit(transaction, inner)),
      rollback: (transaction, send) =>
        through(send, (observer, inner) => observer.rollback(transaction, inner)),
    },
  }
}
