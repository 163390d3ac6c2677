import { type Clock, systemClock } from './base/clock.ts'
import { createCaptures } from './capture/captures.ts'
import { createHosts } from './host/attach.ts'
import { createClosing } from './host/closing.ts'
import type { Engine, Host } from './host/engine.ts'
import { createPauseControls, type PauseControls } from './host/pause-controls.ts'
import type { SharedDeps } from './host/shared-deps.ts'
import { type WarmOptions, type WarmResult, warm } from './host/warm.ts'
import { createTokens } from './marks/finish.ts'
import { createRenewals } from './marks/renewals.ts'
import { type CacheOptions, resolveConfig } from './options/config.ts'
import { createPause, type Pause } from './options/pause.ts'
import { scopeReader } from './options/scope.ts'
import type { LoadResult } from './pipeline/load.ts'
import { createRefreshes } from './pipeline/refreshes.ts'
import type { WrapOptions } from './pipeline/wrap-options.ts'
import { joinOtherCaches } from './process/other-caches.ts'
import { type CacheEventName, type CacheListener, createEvents } from './report/events.ts'
import type { Stats } from './report/report.ts'
import { createReport, type Explained } from './report/report.ts'
import { createLoadSharing } from './sharing/load-sharing.ts'
import { announceOutages } from './store/announce.ts'
import { guardStore } from './store/guard.ts'
import type { InvalidateRequest } from './tags/invalidation-tags.ts'
import { createMemoryTier } from './tier/memory-tier.ts'
import { createRecentResults } from './tier/recent-results.ts'
import { createStrictLoads } from './tier/strict-loads.ts'
import { createCurrentTransaction } from './transaction/current.ts'

/** A cache. Make one per process, and attach every client of your databases to it. */
export interface Cache extends PauseControls {
  /**
   * Invalidates every cached result that could contain what you name. You need it only for changes that Larder did not see.
   *
   * Resolves when the store has acknowledged the invalidation. If the store does not answer, it resolves when the
   * invalidation is in the journal: it is sent again until the store acknowledges it, and meanwhile reads of this process
   * that it affects bypass the cache. Inside a transaction of an attached client it is applied at COMMIT and dropped at
   * ROLLBACK.
   * @throws CacheError `LARDER_UNKNOWN_TABLE` for a table that no attached client has, `LARDER_CONFIG` for a column or key
   * that none has.
   * @example
   * ```ts
   * await cache.invalidate({ tables: ['products'] })
   * await cache.invalidate({ rows: [{ table: 'products', key: { id: 5 } }] })
   * await cache.invalidate({ tags: ['front-page'] })
   * ```
   */
  invalidate(request: InvalidateRequest): Promise<void>
  /**
   * Caches a computed value, such as a page or a report. On a miss it runs `load`, once for all callers that wait for the
   * same key, and stores the result. The value depends on what the reads inside `load` depend on, of every client of this
   * cache, and on `reads` and `tags`: a write to one of them invalidates it.
   *
   * It runs `load` every time and stores nothing inside a transaction, and if `load` writes or makes a read that cannot be
   * captured: `explain` names the reason, and the `warning` event `wrap-not-stored` the cause.
   * @param key names the value: anything that can be encoded, for example a string or an array.
   * @throws CacheError `LARDER_CONFIG` for wrong options, `LARDER_UNENCODABLE` for a key or a value that cannot be encoded.
   * Errors of `load` are passed on.
   * @example
   * ```ts
   * const names = await cache.wrap(['top-products', 10], { ttl: '5m' }, async () => {
   *   const products = await prisma.product.findMany({ take: 10 })
   *   return products.map(({ name }) => name)
   * })
   * console.log(names.join(', '))
   * ```
   */
  wrap<T>(key: unknown, options: WrapOptions, load: () => Promise<T>): Promise<T>
  /**
   * Runs `fn` and reports where the result of each read in it came from, and why.
   * @example
   * ```ts
   * const { reads } = await cache.explain(() => prisma.product.findMany())
   * console.log(reads[0]?.source, reads[0]?.reason)
   * ```
   */
  explain<T>(fn: () => Promise<T> | T): Promise<Explained<T>>
  /**
   * Runs reads so that their entries are there, for example after a deploy and before traffic arrives. Each function makes one
   * read, or a few. Resolves when all have ended and the store has acknowledged their entries, so that the next process finds
   * them. A function that fails is counted, and the others go on.
   * @param functions make the reads. They are called one after the other, at most `concurrency` at once.
   * @returns how many functions loaded, hit, bypassed the cache or failed.
   * @throws CacheError `LARDER_CONFIG` (rejects) for a wrong argument, before any function runs.
   * @example
   * ```ts
   * const { loaded, failed, errors } = await cache.warm(
   *   [1, 2, 3].map((id) => () => prisma.product.findUnique({ where: { id } })),
   *   { concurrency: 8 },
   * )
   * if (failed > 0) console.warn(errors)
   * ```
   */
  warm(functions: readonly (() => unknown)[], options?: WarmOptions): Promise<WarmResult>
  /**
   * Counts the reads since the cache was made, in total and per model: `reads = hits + misses + bypasses`.
   * @example
   * ```ts
   * const { reads, hits } = cache.stats()
   * console.log(`${hits} of ${reads} reads came from the cache`)
   * ```
   */
  stats(): Stats
  /**
   * Calls `listener` for every event of that name. An error that the listener throws becomes a process warning and never
   * fails a query.
   * @returns a function that removes the listener.
   * @throws CacheError `LARDER_CONFIG` for an unknown event.
   * @example
   * ```ts
   * const off = cache.on('warning', ({ code, message }) => console.warn(code, message))
   * off()
   * ```
   */
  on<N extends CacheEventName>(event: N, listener: CacheListener<N>): () => void
  /**
   * Closes the cache: waits at most one second for pending invalidations, then at most one second for the store. Call it
   * once, when the program ends and after the last write, because an open connection keeps the process alive. Later reads
   * go to the database. A later write invalidates nothing, and the `warning` event `write-after-close` reports the first.
   * @example
   * ```ts
   * await prisma.$disconnect()
   * await cache.close()
   * ```
   */
  close(): Promise<void>
  /** For ORM adapters: registers a client with its tables and returns the engine for its reads and writes. */
  attach(host: Host): Engine
}

/** What a cache takes from its environment. Tests pass their own. */
export interface Surroundings {
  readonly clock: Clock
  /** Imports the parser of raw SQL, for hosts whose database is PostgreSQL. Default: what each host imports. */
  readonly sqlParser?: () => Promise<unknown>
}

/**
 * Makes a cache. Every option has a default: `createCache()` keeps its entries in the memory of this process.
 * @throws CacheError `LARDER_CONFIG` for a wrong option; the message names the option, its value and the fix.
 * @example
 * ```ts
 * const cache = createCache({ namespace: 'shop', defaults: { ttl: '10m' } })
 * ```
 */
export function createCache(
  options: CacheOptions = {},
  { clock, sqlParser }: Surroundings = { clock: systemClock },
): Cache {
  const config = resolveConfig(options)
  const events = createEvents()
  const report = createReport(events)
  const { tier, store: tiered } = createMemoryTier(config.store, clock, config.memory)
  const outages = announceOutages(events, clock, config.store.address)
  const store = guardStore(tiered, clock, outages.events)
  const pause = createPause(config.enabled, events)
  const newToken = createTokens()
  const otherCaches = joinOtherCaches({ config, events, clock, store, tier, newToken })
  const { pendingWrites, journal } = otherCaches
  const recents = createRecentResults(clock, pendingWrites, config.memory)
  openStore({ config, events, store, tier, journal, pause })
  const shared: SharedDeps = {
    config,
    clock,
    events,
    report,
    store,
    tier,
    pendingWrites,
    journal,
    renewals: createRenewals(store, clock),
    newToken,
    ...createLoadSharing<LoadResult>(store, clock),
    storing: new Map(),
    pause,
    recents,
    refreshes: createRefreshes(clock, events),
    strictLoads: createStrictLoads(),
    current: createCurrentTransaction(otherCaches.place),
    captures: createCaptures(otherCaches.place),
    scopeOf: scopeReader(config.scope, config.requireScope, events),
    sqlParser,
  }
  const closing = createClosing(shared)
  const hosts = createHosts(shared, closing)
  return {
    attach: hosts.attach,
    invalidate: (request) => hosts.invalidate(request),
    wrap: (key, wrapOptions, load) => hosts.wrap(key, wrapOptions, load),
    explain: (fn) => report.explain(fn),
    warm: (functions, warmOptions) => warm(shared, functions, warmOptions),
    stats: report.stats,
    ...createPauseControls(pause, store),
    get paused() {
      return pause.active
    },
    get pauseReason() {
      return pause.reason
    },
    on: events.on,
    close() {
      outages.stop()
      shared.refreshes.close()
      return closing.close().finally(() => {
        otherCaches.leave()
        tier?.clear()
        recents.close()
      })
    },
  }
}

type OpenStoreDeps = Pick<SharedDeps, 'config' | 'events' | 'store' | 'tier' | 'journal'> & {
  readonly pause: Pause
}

/** Connects the store to what follows it. */
function openStore({ config, events, store, tier, journal, pause }: OpenStoreDeps): void {
  config.store.open?.({
    namespace: config.namespace,
    follow: config.memory.mode === 'push',
    warn: (code, message) => events.emit('warning', { code, message }),
    ready() {
      store.probe()
      void journal.replay()
    },
    changed: (names) => tier?.changed(names),
    paused: pause.setFleet,
  })
}
