import type { Clock } from './clock.ts'
import type { CacheConfig } from './config.ts'
import type { Engine, Host } from './engine.ts'
import { CacheError } from './errors.ts'
import type { Events } from './events.ts'
import type { CurrentTransaction } from './fence/current.ts'
import { bump } from './fence/mark.ts'
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
import { type WriteRoom, write } from './write.ts'
import { type WrapOptions, wrapPlan } from './wrap.ts'

const DEFAULT_DATABASE = 'main'

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
  const { config, events, store, current } = shared
  const attached: Host[] = []
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
      if (request.all) await store.invalidateAll()
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

  const roomOf = (host: Host): ReadRoom & WriteRoom => {
    const database = host.database ?? DEFAULT_DATABASE
    const { namespace, version, codec } = config
    return {
      ...shared,
      space: { namespace, database },
      schema: host.schema,
      keys: entryKeys({ namespace, version, database, identity: [host.name, ...host.identity], types: host.types }),
      codec: codec.bind(host.types),
      codecName: codec.name,
      maxValueBytes: config.maxValueBytes,
      finish: config.finish,
      longestLifetime: () => longestLifetime,
    }
  }

  const wrapRoom = roomOf({ name: 'wrap', schema: { tables: new Map() }, database: undefined, identity: [], types: {} })

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
        transaction: (marking) => createTransaction(shared, marking),
        inside: current.run,
        current: current.get,
        everything: () => tables.map((table) => ({ table, effect: 'unknown' as const })),
        invalidate: (request, transaction = current.get()) => invalidate(databasesOf([host]), request, transaction),
      }
    },
    invalidate: (request) => invalidate(databasesOf(attached), request, current.get()),
    async wrap(key, options, load) {
      const policyOf = ({ ttl, tags }: WrapOptions) => policy({ ttl, ...(tags && { tags }) }, 'wrap')
      const plan = wrapPlan(key, options, policyOf, load)
      return read(wrapRoom, current.get() ? { ...plan, bypass: 'transaction' } : plan)
    },
    close: () => store.close(),
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
