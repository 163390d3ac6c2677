import { type Clock, systemClock } from './base/clock.ts'
import { createHosts } from './host/attach.ts'
import type { Engine, Host } from './host/engine.ts'
import { type CacheOptions, resolveConfig } from './options/config.ts'
import { scopeReader } from './options/scope.ts'
import { createSingleFlight } from './pipeline/single-flight.ts'
import { createTurnFlight } from './pipeline/turn-flight.ts'
import type { WrapOptions } from './pipeline/wrap.ts'
import { joinOtherCaches } from './process/meet-others.ts'
import { type CacheEventName, type CacheListener, createEvents } from './report/events.ts'
import type { Stats } from './report/report.ts'
import { createReport, type Explained } from './report/report.ts'
import { announceOutages } from './store/announce.ts'
import { guardStore } from './store/guard.ts'
import type { InvalidateRequest } from './tags/invalidation-tags.ts'
import { createMemoryTier } from './tier/memory-tier.ts'
import { createCurrentTransaction } from './transaction/current.ts'

/** A cache: one per process and set of databases. Hosts attach to it, applications talk to it. */
export interface Cache {
  /**
   * Ends every cached read that could see what is named. Resolves when the store acknowledged it, or when
   * it is journaled: sent again until it is, while this process reads past what it covers. Inside a transaction
   * of a client on this cache it is applied when that commits and dropped when it rolls back.
   * @throws CacheError for a table, column or key that no attached client knows.
   */
  invalidate(request: InvalidateRequest): Promise<void>
  /**
   * Read-through for a computed value (a page, a report), by the same protocol: `load` runs on a miss, once for all
   * callers that ask together. Inside a transaction `load` runs every time and nothing is stored.
   * @throws CacheError `LARDER_UNENCODABLE` for a key, and the codec's error for a value, that cannot be encoded.
   */
  wrap<T>(key: unknown, options: WrapOptions, load: () => Promise<T>): Promise<T>
  /** Runs `fn` and tells where each read in it came from, and why. */
  explain<T>(fn: () => Promise<T> | T): Promise<Explained<T>>
  /** Counts since the cache was made: `reads = hits + misses + bypasses`. */
  stats(): Stats
  /** @returns a function that removes the listener. */
  on<N extends CacheEventName>(event: N, listener: CacheListener<N>): () => void
  /**
   * Waits for invalidations on their way, at most a second, then closes the store, which may take another. Call it when
   * the program ends, after the last write: an open connection to a server keeps a process alive. Queries go to the
   * database afterwards. A later write invalidates nothing, and the `warning` event `write-after-close` says so once.
   *
   * ```ts
   * await prisma.$disconnect()
   * await cache.close()
   * ```
   */
  close(): Promise<void>
  /** For host packages: binds a client's tables and identity to this cache. */
  attach(host: Host): Engine
}

/** What a cache takes from its surroundings; tests pass their own. */
export interface Surroundings {
  readonly clock: Clock
  /** Imports the parser of raw SQL, for hosts whose database is PostgreSQL. Default: what each host imports. */
  readonly sqlParser?: () => Promise<unknown>
}

/**
 * Makes a cache. Everything has a default: `createCache()` keeps entries in this process's memory.
 * @throws CacheError naming the option, its value and the fix.
 */
export function createCache(
  options: CacheOptions = {},
  { clock, sqlParser }: Surroundings = { clock: systemClock },
): Cache {
  const config = resolveConfig(options)
  const events = createEvents()
  const report = createReport(events)
  const tiered = createMemoryTier(config.store, clock, config.memory)
  const { tier } = tiered
  const outages = announceOutages(events, clock, config.store.address)
  const store = guardStore(tiered.store, clock, outages.events)
  const met = joinOtherCaches({ config, events, clock, store, tier })
  const { pendingWrites, journal } = met
  config.store.open?.({
    namespace: config.namespace,
    follow: config.memory.mode === 'push',
    warn: (code, message) => events.emit('warning', { code, message }),
    ready() {
      store.probe()
      void journal.replay()
    },
    changed: (names) => tier?.changed(names),
  })
  const hosts = createHosts({
    config,
    clock,
    events,
    report,
    store,
    tier,
    pendingWrites,
    journal,
    flights: createSingleFlight(clock),
    turns: createTurnFlight(clock),
    storing: new Map(),
    current: createCurrentTransaction(met.place),
    scopeOf: scopeReader(config.scope, config.requireScope, events),
    sqlParser,
  })
  return {
    attach: hosts.attach,
    invalidate: (request) => hosts.invalidate(request),
    wrap: (key, wrapOptions, load) => hosts.wrap(key, wrapOptions, load),
    explain: report.explain,
    stats: report.stats,
    on: events.on,
    close() {
      outages.stop()
      return hosts.close().finally(() => {
        met.leave()
        tier?.clear()
      })
    },
  }
}
