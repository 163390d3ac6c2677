import { createBounded } from '../base/bounded-map.ts'
import { graceOf } from '../entry/lifetime.ts'
import { type EntryKeys, entryKeys } from '../keys/entry-key.ts'
import { objectPlace } from '../keys/place.ts'
import { requireLeases } from '../options/require-leases.ts'
import { resolvePolicy } from '../options/resolve-policy.ts'
import { applyInvalidation } from '../pipeline/invalidate.ts'
import { type ReadDeps, read } from '../pipeline/read.ts'
import { createRefusalWarnings } from '../pipeline/refusal-warnings.ts'
import { createSyncEngine } from '../pipeline/sync.ts'
import { tagsOfWrap, type WrapPlanDeps, wrapPlan } from '../pipeline/wrap.ts'
import { createWrapPolicies, type WrapOptions } from '../pipeline/wrap-options.ts'
import { write } from '../pipeline/write.ts'
import { DEFAULT_DATABASE, type KnownDatabase } from '../plan/known-databases.ts'
import type { Policy, PolicyOptions } from '../plan/policy.ts'
import type { InvalidateRequest } from '../tags/invalidation-tags.ts'
import type { DeriveTags } from '../tags/known-tags.ts'
import { createStrictLoads } from '../tier/strict-loads.ts'
import type { JoinedTransaction } from '../transaction/current.ts'
import { createTransaction, type Transaction } from '../transaction/transaction.ts'
import { createWriteNotes, refuseOpaque } from './capture-notes.ts'
import { createClientDeps, REMEMBERED, schemaText } from './client-deps.ts'
import type { Closing } from './closing.ts'
import { createDatabaseRegistry, type DatabaseRegistry } from './database-registry.ts'
import type { Engine, Host } from './engine.ts'
import { createHostTypes, type HostTypes } from './host-types.ts'
import type { SharedDeps } from './shared-deps.ts'

/** The clients attached to one cache. */
export interface Hosts {
  attach(host: Host): Engine
  invalidate(request: InvalidateRequest): Promise<void>
  wrap<T>(key: unknown, options: WrapOptions, load: () => Promise<T>): Promise<T>
}

/** @param closing receives everything that invalidates. */
export function createHosts(shared: SharedDeps, closing: Pick<Closing, 'noteWrite'>): Hosts {
  const { config, clock, events, store, current, captures } = shared
  // In this process it costs nothing, and the next read finds the tags clean.
  const awaitsFinish = config.finish === 'await' || store.source === 'memory'
  const { policy, longestLifetime } = createPolicies(shared)
  const registry = createDatabaseRegistry(clock.now, longestLifetime)
  const clients = createClientDeps({ ...shared, awaitsFinish, longestLifetime })
  const invalidateIn = (
    databases: readonly KnownDatabase[],
    request: InvalidateRequest,
    within: JoinedTransaction | undefined,
  ): Promise<void> => {
    closing.noteWrite('invalidate')
    return applyInvalidation({ ...shared, namespace: config.namespace }, databases, request, within)
  }
  const noteWrite = createWriteNotes(closing, captures)
  const { running } = captures
  const hostTypes = createHostTypes()
  const values = clients.of({ ...WRAP_HOST, types: hostTypes.types }, new Set())
  const wrap = createWrap(shared, values.deps, registry, hostTypes, policy)

  return {
    attach(host) {
      const rejecting = new Set<string>()
      const database = host.database ?? DEFAULT_DATABASE
      const schema = schemaText(host)
      // Every method of the engine uses its dependencies, and they hold this: it lives for as long as somebody holds the client.
      const client = registry.add({ database, schema, tables: host.schema.tables }, rejecting)
      // Without a connection to look at, all clients of the host are connected to one database.
      if (!host.connection) client.connect('')
      hostTypes.add(host.types)
      const { deps, raw } = clients.of(host, rejecting, client.connect)
      const syncEngine = createSyncEngine(deps)
      const databases = [{ database, tables: [host.schema.tables] }]
      const tables = [...host.schema.tables.keys()]
      return {
        events,
        raw,
        detach: client.remove,
        policy(options, path, { table, ttlFix } = {}) {
          const resolved = policy(options, path, ttlFix)
          if (table !== undefined && resolved.onMarkFailure === 'reject') rejecting.add(table.toLowerCase())
          return resolved
        },
        // Bound once, which saves a call on every read.
        read: read.bind(undefined, deps) as Engine['read'],
        write(plan, transaction) {
          if (store.closed || running.count) noteWrite(plan, transaction !== undefined)
          return write(deps, plan, transaction)
        },
        sync: {
          ...syncEngine,
          write(plan, held) {
            if (store.closed || running.count) noteWrite(plan, held)
            return syncEngine.write(plan, held)
          },
        },
        transaction: (marking) =>
          noteLateCommit(closing, createTransaction(deps, marking, current.get()?.budget)),
        isCapturing: () => running.count > 0,
        noteOpaqueRead: (operation) => refuseOpaque(captures, operation),
        inside: current.run,
        current: current.get,
        everything: () => tables.map((table) => ({ table, effect: 'unknown' as const })),
        invalidate: (request, transaction) =>
          invalidateIn(databases, request, transaction ? { kind: 'joined', transaction } : current.joined()),
      }
    },
    invalidate: (request) => invalidateIn(registry.list(), request, current.joined()),
    wrap,
  }
}

/** Statements sent before `close` are invalidated at COMMIT. After `close`, no other process learns of the write. */
function noteLateCommit(closing: Pick<Closing, 'noteWrite'>, transaction: Transaction): Transaction {
  transaction.onCommit(async () => {
    if (transaction.tables().length) closing.noteWrite('COMMIT of a transaction')
  })
  return transaction
}

/** Validates policies, and knows the longest of them. */
function createPolicies({ config, pendingWrites }: SharedDeps): {
  policy(options: PolicyOptions, path: string, ttlFix?: string): Policy
  longestLifetime(): number
} {
  // Grows only: an entry stored under a long policy may outlive the policy's client.
  let longest = 0
  return {
    policy(options, path, ttlFix) {
      const policy = resolvePolicy(options, config.defaults, path, ttlFix)
      requireLeases(config.store, policy.singleFlight, path)
      longest = Math.max(longest, Math.max(policy.ttl, policy.cacheEmpty || 0) + graceOf(policy))
      if (policy.maxStaleness) pendingWrites.remember(policy.maxStaleness)
      return policy
    },
    longestLifetime: () => longest,
  }
}

/** Computed values are read like those of a client that has the tables of all of them. */
function createWrap(
  { config, current, captures, events }: SharedDeps,
  base: ReadDeps,
  registry: DatabaseRegistry,
  hostTypes: HostTypes,
  policy: (options: PolicyOptions, path: string) => Policy,
): Hosts['wrap'] {
  // Not remembered: what a table's name stands for changes with the clients that come and go.
  const tagsOf: DeriveTags = (occurrences, userTags) =>
    tagsOfWrap(config.namespace, registry.list(), occurrences, userTags)
  const keys = wrapKeys(config, registry, hostTypes)
  const deps: ReadDeps = { ...base, keys, tagsOf, knownTags: (_, ...parts) => tagsOf(...parts) }
  // Whatever this cache keeps: `load` may read through another one, or another copy of this module.
  const strictLoads = createStrictLoads()
  const planDeps: WrapPlanDeps = {
    policies: createWrapPolicies((options) => policy(options, 'wrap')),
    refused: createRefusalWarnings(events),
    run(load, isCapturing) {
      const strict = () => strictLoads.run(load)
      return isCapturing ? strict() : captures.ignore(strict)
    },
    inTransaction: () => current.joined() !== undefined,
  }
  return (key, options, load) => {
    try {
      return read(deps, wrapPlan(planDeps, key, options, load))
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

/** Sets of connections whose keys are remembered. */
const SETS_OF_CONNECTIONS = 16

/** Nobody sees which client `load` reads by, so a computed value belongs to what all of them are connected to. */
function wrapKeys(
  { namespace, version }: SharedDeps['config'],
  registry: DatabaseRegistry,
  hostTypes: HostTypes,
): EntryKeys {
  const keysByName = createBounded<EntryKeys>(SETS_OF_CONNECTIONS)
  let latest: { connections: unknown; types: unknown; keys: EntryKeys } | undefined
  const now = (): EntryKeys => {
    const connections = registry.connections()
    if (latest?.connections === connections && latest.types === hostTypes.name) return latest.keys
    const keys = keysFor(connections)
    latest = { connections, types: hostTypes.name, keys }
    return keys
  }
  const keysFor = (connections: readonly (string | undefined)[]): EntryKeys => {
    const name = `${hostTypes.name} ${connections.join(' ')}`
    const remembered = keysByName.get(name)
    if (remembered) return remembered
    // While a client's connection is not known yet, values are this process's own.
    const processPlace = connections.includes(undefined) ? objectPlace(registry) : null
    const identity = [WRAP_HOST.name, connections, processPlace, hostTypes.name]
    const keys = entryKeys({ namespace, version, database: DEFAULT_DATABASE, identity }, REMEMBERED)
    keysByName.set(name, keys)
    return keys
  }
  return { of: (scope, read) => now().of(scope, read), family: () => now().family() }
}

const WRAP_HOST = {
  name: 'wrap',
  schema: { tables: new Map() },
  database: undefined,
  identity: [],
}
