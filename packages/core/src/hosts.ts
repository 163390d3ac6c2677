import type { Clock } from './clock.ts'
import type { CacheConfig } from './config.ts'
import type { Engine, Host } from './engine.ts'
import { CacheError } from './errors.ts'
import type { Events } from './events.ts'
import type { CurrentTransaction } from './fence/current.ts'
import { bump, bumpAll } from './fence/mark.ts'
import { createTransaction, type Transaction } from './fence/transaction.ts'
import type { Unfinished } from './fence/unfinished.ts'
import type { SingleFlight } from './flight/single-flight.ts'
import { type InvalidateRequest, type KnownDatabase, tagsOfInvalidation } from './invalidate.ts'
import { entryKeys } from './keys/entry-key.ts'
import type { PolicyOptions } from './policy/policy.ts'
import { resolvePolicy } from './policy/resolve.ts'
import { type Loaded, type ReadRoom, read } from './read.ts'
import type { Report } from './report.ts'
import type { ScopeOf } from './scope.ts'
import type { GuardedStore } from './store/guard.ts'
import { tagsOfRead } from './tags/read-tags.ts'
import { tagsOfWrap, type WrapOptions, wrapPlan } from './wrap.ts'
import { type WriteRoom, write } from './write.ts'

const DEFAULT_DATABASE = 'main'
/** How long `close` waits for writes and invalidations on their way, in milliseconds. */
const CLOSING = 1_000

/** What all hosts of one cache share. */
export interface SharedRoom {
  readonly config: CacheConfig
  readonly clock: Clock
  readonly events: Events
  readonly report: Report
  readonly store: GuardedStore
  readonly unfinished: Unfinished
  readonly flights: SingleFlight<Loaded>
  readonly current: CurrentTransaction
  readonly scopeOf: ScopeOf
}

/** The clients attached to one cache. */
export interface Hosts {
  attach(host: Host): Engine
  invalidate(request: InvalidateRequest): Promise<void>
  wrap<T>(key: unknown, options: WrapOptions, load: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

export function createHosts(shared: SharedRoom): Hosts {
  const { config, clock, events, store, unfinished, current } = shared
  const attached: Host[] = []
  // In this process it costs nothing, and the next read finds the tags clean.
  const awaitsFinish = config.finish === 'await' || store.source === 'memory'
  // Grows only: an entry stored under a long policy may outlive the policy's client.
  let longestLifetime = 0

  const policy = (options: PolicyOptions, path: string) => {
    const resolved = resolvePolicy(options, config.defaults, path)
    longestLifetime = Math.max(longestLifetime, resolved.ttl, resolved.cacheEmpty || 0)
    return resolved
  }

  const invalidate = async (
    databases: readonly KnownDatabase[],
    request: InvalidateRequest,
    transaction: Transaction | undefined,
  ): Promise<void> => {
    const tags = tagsOfInvalidation(config.namespace, databases, request)
    const told = { tables: request.tables ?? [], rows: request.rows?.length ?? 0, tags: request.tags ?? [] }
    const all = async (): Promise<void> => {
      if (request.all) await bumpAll(shared)
      events.emit('invalidate', { ...told, all: request.all === true })
    }
    if (transaction) {
      if (tags.length) (await transaction.write(tags)).learned(tags)
      transaction.onCommit(all)
    } else {
      if (tags.length) await bump(shared, tags)
      await all()
    }
  }

  /** The end of a transaction is one write event, and is waited for only where the configuration says so. */
  const told = (transaction: Transaction): Transaction => {
    const started = clock.now()
    return {
      ...transaction,
      get open() {
        return transaction.open
      },
      async end(outcome) {
        const tables = transaction.tables()
        const finished = transaction.end(outcome)
        if (tables.length && events.heard('write'))
          events.emit('write', {
            operation: '$transaction',
            tables,
            outcome,
            duration: clock.now() - started,
          })
        if (awaitsFinish) await finished
      },
    }
  }

  const roomOf = (host: Host): ReadRoom & WriteRoom => {
    const database = host.database ?? DEFAULT_DATABASE
    const { namespace, version, codec } = config
    const space = { namespace, database }
    return {
      ...shared,
      space,
      schema: host.schema,
      tagsOf: (occurrences, userTags) => tagsOfRead(space, host.schema, occurrences, userTags),
      keys: entryKeys({
        namespace,
        version,
        database,
        identity: [host.name, ...host.identity],
        types: host.types,
      }),
      codec: codec.bind(host.types),
      codecName: codec.name,
      maxValueBytes: config.maxValueBytes,
      awaitsFinish,
      longestLifetime: () => longestLifetime,
    }
  }

  const wrapHost: Host = {
    name: 'wrap',
    schema: { tables: new Map() },
    database: undefined,
    identity: [],
    types: {},
  }
  const wrapRoom: ReadRoom = {
    ...roomOf(wrapHost),
    tagsOf: (occurrences, userTags) =>
      tagsOfWrap(config.namespace, databasesOf(attached), occurrences, userTags),
  }

  return {
    attach(host) {
      refuseSecond(attached, host)
      attached.push(host)
      const room = roomOf(host)
      const tables = [...host.schema.tables.keys()]
      return {
        events,
        unknownWrites: config.unknownWrites,
        policy,
        read: (plan) => read(room, plan),
        write: (plan, transaction) => write(room, plan, transaction),
        transaction: (marking) => told(createTransaction(shared, marking)),
        inside: current.run,
        current: current.get,
        everything: () => tables.map((table) => ({ table, effect: 'unknown' as const })),
        invalidate: (request, transaction = current.get()) =>
          invalidate(databasesOf([host]), request, transaction),
      }
    },
    invalidate: (request) => invalidate(databasesOf(attached), request, current.get()),
    async wrap(key, options, load) {
      const policyOf = ({ ttl, tags }: WrapOptions) =>
        policy({ ttl, operations: ['wrap'], ...(tags && { tags }) }, 'wrap')
      const plan = wrapPlan(key, options, policyOf, load)
      return read(wrapRoom, current.get() ? { ...plan, bypass: 'transaction' } : plan)
    },
    async close() {
      await Promise.race([unfinished.idle(), new Promise<void>((resolve) => clock.after(CLOSING, resolve))])
      await store.close()
    },
  }
}

function databasesOf(hosts: readonly Host[]): readonly KnownDatabase[] {
  const byName = new Map<string, KnownDatabase['tables']>()
  for (const host of hosts) {
    const name = host.database ?? DEFAULT_DATABASE
    byName.set(name, [...(byName.get(name) ?? []), host.schema.tables])
  }
  return [...byName].map(([database, tables]) => ({ database, tables }))
}

/** Two clients that both took the default name may be two databases: their rows must not meet. */
function refuseSecond(attached: readonly Host[], host: Host): void {
  const other = attached.find((one) => one.name === host.name && host.database === undefined)
  if (other)
    throw new CacheError(
      'LARDER_DATABASE_TAKEN',
      `a ${host.name} client is attached to this cache already: give this one a database: 'name' (the same name for clients of one database), or a cache of its own`,
    )
}
