import { applyInvalidation } from './apply-invalidation.ts'
import { createAtOnce } from './at-once.ts'
import type { Clock } from './clock.ts'
import { createClosing } from './closing.ts'
import type { CacheConfig } from './config.ts'
import { DEFAULT_DATABASE, type KnownDatabase } from './databases.ts'
import type { Engine, Host } from './engine.ts'
import { CacheError } from './errors.ts'
import type { Events } from './events.ts'
import type { CurrentTransaction, JoinedTransaction } from './fence/current.ts'
import type { Journal } from './fence/journal.ts'
import { toldTransaction } from './fence/told-transaction.ts'
import { createTransaction } from './fence/transaction.ts'
import type { Unfinished } from './fence/unfinished.ts'
import type { Loaded } from './fill.ts'
import type { SingleFlight } from './flight/single-flight.ts'
import type { TurnFlight } from './flight/turn-flight.ts'
import type { InvalidateRequest } from './invalidate.ts'
import { type EntryKeys, entryKeys } from './keys/entry-key.ts'
import type { Policy, PolicyOptions } from './policy/policy.ts'
import { resolvePolicy } from './policy/resolve.ts'
import { objectName } from './process/process-wide.ts'
import { createRawChanges, type RawChanges } from './raw/changes.ts'
import { type ReadRoom, read } from './read.ts'
import type { Report } from './report.ts'
import type { ScopeOf } from './scope.ts'
import { createSqlParser } from './sql/parser.ts'
import type { GuardedStore } from './store/guard.ts'
import { type DeriveTags, rememberTags } from './tags/known-tags.ts'
import { tagsOfRead } from './tags/read-tags.ts'
import { planThrough, type ThroughRoom } from './through.ts'
import { createEntries } from './tier/entries.ts'
import { createLookUp } from './tier/look-up.ts'
import type { MemoryTier } from './tier/memory-tier.ts'
import { createStrictness } from './tier/strictness.ts'
import { tagsOfWrap, type WrapOptions, wrapPlan } from './wrap.ts'
import { type WriteRoom, write } from './write.ts'

/** Reads whose key and tags one client remembers. */
const REMEMBERED = 10_000

/** What all hosts of one cache share. */
export interface SharedRoom {
  readonly config: CacheConfig
  readonly clock: Clock
  readonly events: Events
  readonly report: Report
  readonly store: GuardedStore
  readonly tier: MemoryTier | undefined
  readonly unfinished: Unfinished
  readonly journal: Journal
  readonly flights: SingleFlight<Loaded>
  readonly turns: TurnFlight<Loaded>
  readonly current: CurrentTransaction
  /** Entries about to be stored. */
  readonly storing: Map<string, Promise<void>>
  readonly scopeOf: ScopeOf
  /** In place of what hosts give. */
  readonly sqlParser: (() => Promise<unknown>) | undefined
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
  const { namespace } = config
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
  const roomOf = (host: Host, rejecting: ReadonlySet<string>) =>
    hostRoom({ ...shared, rejecting }, host, awaitsFinish, () => longestLifetime)
  const closing = createClosing(shared)
  const invalidateIn = (
    databases: readonly KnownDatabase[],
    request: InvalidateRequest,
    within: JoinedTransaction | undefined,
  ): Promise<void> => {
    closing.noteWrite('invalidate')
    return applyInvalidation({ ...shared, namespace }, databases, request, within)
  }
  const wrap = createWrap(shared, roomOf(WRAP_HOST, new Set()), attached, policy)

  return {
    attach(host) {
      refuseSecond(attached, host)
      attached.push(host)
      const rejecting = new Set<string>()
      const room = roomOf(host, rejecting)
      const atOnce = createAtOnce(room)
      const tables = [...host.schema.tables.keys()]
      return {
        events,
        raw: rawChanges(shared, host),
        detach: () => void attached.splice(attached.indexOf(host), attached.includes(host) ? 1 : 0),
        policy(options, path, table) {
          const resolved = policy(options, path)
          if (table !== undefined && resolved.onMarkFailure === 'reject') rejecting.add(table.toLowerCase())
          return resolved
        },
        read: (plan) => read(room, plan),
        write(plan, transaction) {
          if (plan.changes.length) closing.noteWrite(plan.operation)
          return write(room, plan, transaction)
        },
        atOnce: {
          ...atOnce,
          write(plan, held) {
            if (plan.changes.length) closing.noteWrite(plan.operation)
            return atOnce.write(plan, held)
          },
        },
        transaction: (marking) =>
          toldTransaction(createTransaction(room, marking, current.get()?.budget), shared, awaitsFinish),
        inside: current.run,
        current: current.get,
        everything: () => tables.map((table) => ({ table, effect: 'unknown' as const })),
        invalidate: (request, transaction) =>
          invalidateIn(
            databasesOf([host]),
            request,
            transaction ? { kind: 'joined', transaction } : current.joined(),
          ),
      }
    },
    invalidate: (request) => invalidateIn(databasesOf(attached), request, current.joined()),
    wrap,
    close: closing.close,
  }
}

function rawChanges({ config, events, sqlParser }: SharedRoom, host: Host): RawChanges {
  const { schema, blindViews = new Set() } = host
  const load = host.sqlParser && (sqlParser ?? host.sqlParser)
  const warn = (message: string): void => events.emit('warning', { code: 'sql-parser', message })
  const parser = load && createSqlParser(load, warn)
  // A first raw write must not be refused for coming before the parser.
  if (config.unknownWrites === 'throw') void parser?.written('SELECT 1')
  return createRawChanges({ events, unknownWrites: config.unknownWrites, schema, blindViews, parser })
}

const WRAP_HOST: Host = {
  name: 'wrap',
  schema: { tables: new Map() },
  database: undefined,
  identity: [],
  types: {},
}

/** Computed values are read like those of a client that has the tables of all of them. */
function createWrap(
  shared: SharedRoom,
  base: ReadRoom,
  attached: readonly Host[],
  policy: (options: PolicyOptions, path: string) => Policy,
): Hosts['wrap'] {
  const { config, current } = shared
  // Not remembered: what a table's name stands for changes with the clients that come and go.
  const tagsOf: DeriveTags = (occurrences, userTags) =>
    tagsOfWrap(config.namespace, databasesOf(attached), occurrences, userTags)
  const keys = keysOfWrap(shared, attached)
  const room: ReadRoom = { ...base, tagsOf, knownTags: (_, ...parts) => tagsOf(...parts), keys }
  // Whatever this cache keeps: `load` may read through another one, or another copy of this module.
  const strictness = createStrictness()
  const policyOf = ({ ttl, tags, joinTimeout }: WrapOptions): Policy => {
    const given = { ...(tags && { tags }), ...(joinTimeout !== undefined && { joinTimeout }) }
    return policy({ ttl, operations: ['wrap'], write: 'invalidate', ...given }, 'wrap')
  }
  return async (key, options, load) => {
    const plan = wrapPlan(key, options, policyOf, load)
    const run = () => strictness.within(plan.run)
    return read(room, { ...plan, run, ...(current.joined() && { bypass: 'transaction' }) })
  }
}

/** A computed value is of the databases of all clients there are: two caches with other ones do not share it. */
function keysOfWrap(shared: SharedRoom, attached: readonly Host[]): EntryKeys {
  const { namespace, version } = shared.config
  let last: { readonly sources: string; readonly keys: EntryKeys } | undefined
  return {
    of(scope, query) {
      const names = attached.flatMap((host) => sourceOf(shared, host))
      const sources = [...new Set(names)].sort().join()
      if (last?.sources !== sources) {
        const identity = [WRAP_HOST.name, sources]
        const parts = { namespace, version, database: DEFAULT_DATABASE, identity, types: WRAP_HOST.types }
        last = { sources, keys: entryKeys(parts, REMEMBERED) }
      }
      return last.keys.of(scope, query)
    },
  }
}

/** What the pipelines need to serve one client. */
function hostRoom(
  shared: SharedRoom & { readonly rejecting: ReadonlySet<string> },
  host: Host,
  awaitsFinish: boolean,
  longestLifetime: () => number,
): ReadRoom & WriteRoom {
  const { namespace, version, codec, maxValueBytes } = shared.config
  const { schema, types, database = DEFAULT_DATABASE } = host
  const space = { namespace, database }
  const entries = createEntries(codec, types, shared.events, shared.store.source === 'memory')
  const tagsOf: DeriveTags = (...parts) => tagsOfRead(space, schema, ...parts)
  const identity = [host.name, ...host.identity, ...sourceOf(shared, host)]
  const room: ReadRoom & ThroughRoom = {
    ...shared,
    space,
    schema,
    tagsOf,
    knownTags: rememberTags(tagsOf, REMEMBERED),
    keys: entryKeys({ namespace, version, database, identity, types }, REMEMBERED),
    entries,
    lookUp: createLookUp({ ...shared, covers: shared.unfinished.covers }, entries),
    maxValueBytes,
    longestLifetime,
  }
  return { ...shared, ...room, awaitsFinish, through: (plan, changes) => planThrough(room, plan, changes) }
}

/**
 * What tells entries of one database from those of another where nothing else does. A store on a server is used by other
 * processes, which cannot know the object.
 */
function sourceOf({ store }: SharedRoom, { source }: Host): readonly string[] {
  return source && store.source === 'memory' ? [objectName(source)] : []
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
