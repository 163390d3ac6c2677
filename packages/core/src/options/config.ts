import { type ByteSize, bytes } from '../base/byte-size.ts'
import { CacheError } from '../base/errors.ts'
import { show } from '../base/show.ts'
import type { Codec } from '../codec/codec.ts'
import { msgpackCodec } from '../codec/msgpack.ts'
import type { PolicyOptions } from '../plan/policy.ts'
import { memoryStore } from '../store/memory-store.ts'
import type { Store } from '../store/store.ts'
import { requireLeases } from './require-leases.ts'
import { checked } from './resolve-policy.ts'

/**
 * What Larder does about raw SQL whose tables it cannot determine: it invalidates every table of the client, only emits an
 * `unknown-write` event, or throws `LARDER_UNKNOWN_WRITE` before the statement runs.
 */
export type UnknownWrites = 'invalidate' | 'event' | 'throw'

type TableOption = 'touches' | 'reads' | 'lookupKeys'
const OF_A_TABLE: readonly TableOption[] = ['touches', 'reads', 'lookupKeys']

/** Options of `createCache`. */
export interface CacheOptions {
  /** Prefix of every key, at most 32 letters, digits, `-`, `_`, `.` or `:`. Default `'larder'`. */
  namespace?: string
  /** Part of entry keys only. Change it when the shape of results changes. Default `'1'`. */
  version?: string
  /**
   * Returns the tenant, region or role of the request, which becomes part of entry keys. Called once per cached read, when the
   * query is awaited: with `AsyncLocalStorage`, await it inside the function of `run`.
   */
  scope?: () => unknown
  /** If `true`, a read whose scope is undefined is rejected with `LARDER_SCOPE_REQUIRED`. Default `false`. */
  requireScope?: boolean
  /** Where entries and tags live. Default `memoryStore()`. */
  store?: Store
  /** Encodes results. Default `msgpackCodec()`. */
  codec?: Codec
  /** Results whose encoded size is larger are not cached. Default `'1mb'`. */
  maxValueBytes?: ByteSize
  /**
   * `'background'` (default): a write returns before the store has acknowledged its invalidation. `'await'`: it waits, for
   * hosts that freeze the process between requests.
   */
  finish?: 'background' | 'await'
  /** What happens on raw SQL whose tables cannot be determined. Default `'invalidate'`. */
  unknownWrites?: UnknownWrites
  /** Defaults for the policy of every model. Options that describe one table are not allowed here. */
  defaults?: Omit<PolicyOptions, TableOption>
  /**
   * `false`: the cache starts paused, as after `cache.pause()`. Every read goes to the database with the reason `'disabled'`,
   * and writes still invalidate. For tests, and as a switch in the environment. Default `true`.
   */
  enabled?: boolean
  /** The memory tier over a remote store. Not allowed with `memoryStore()`. */
  memory?: MemoryOptions
}

/** Options of the memory tier: what this process keeps of a remote store. */
export interface MemoryOptions {
  /**
   * - `'validate'` (default): keeps entries and fetches their tags for every read. Reads are as fresh as with `'off'`.
   * - `'push'`: also keeps tags while the store notifies this process of changes, so a hit needs no round trip. Writes of
   *   other processes are visible within one second, writes of this process at once.
   * - `'off'`: keeps nothing.
   */
  mode?: 'validate' | 'push' | 'off'
  /** Maximum number of entries. The least recently used entry is evicted first. Default 10,000. */
  maxEntries?: number
  /** Maximum heap taken by entries. Default `'64mb'`. */
  maxBytes?: ByteSize
}

/** {@link MemoryOptions} with defaults filled in. */
export interface MemoryConfig {
  readonly mode: 'validate' | 'push' | 'off'
  readonly maxEntries: number
  readonly maxBytes: number
}

/** Options with defaults filled in, validated. */
export interface CacheConfig {
  readonly namespace: string
  readonly version: string
  readonly scope: (() => unknown) | undefined
  readonly requireScope: boolean
  readonly store: Store
  readonly codec: Codec
  readonly maxValueBytes: number
  readonly finish: 'background' | 'await'
  readonly unknownWrites: UnknownWrites
  readonly defaults: PolicyOptions
  readonly enabled: boolean
  readonly memory: MemoryConfig
}

const OPTIONS: readonly (keyof CacheOptions)[] = [
  'namespace',
  'version',
  'scope',
  'requireScope',
  'store',
  'codec',
  'maxValueBytes',
  'finish',
  'unknownWrites',
  'defaults',
  'enabled',
  'memory',
]

/** @throws CacheError naming the option, its value and the fix. */
export function resolveConfig(options: CacheOptions): CacheConfig {
  expect(options, isObject, 'createCache', 'an object of options, or nothing')
  for (const [name, value] of Object.entries(options)) {
    if (!(OPTIONS as readonly string[]).includes(name))
      throw new CacheError(
        'LARDER_CONFIG',
        `createCache has no option ${name}: there are ${OPTIONS.join(', ')}`,
      )
    if (value === null) throw new CacheError('LARDER_CONFIG', `${name} is null: leave it out for its default`)
  }
  const defaults = options.defaults ?? {}
  checked(defaults, 'defaults')
  refuseTables(defaults)
  const store = expect(options.store ?? memoryStore(), isStore, 'store', 'memoryStore() or another Store')
  requireLeases(store, defaults.singleFlight, 'defaults')
  return {
    namespace: namespace(options.namespace ?? 'larder'),
    version: expect(options.version ?? '1', isString, 'version', 'a string'),
    scope:
      options.scope === undefined
        ? undefined
        : expect(options.scope, isFunction, 'scope', 'a function that returns the scope'),
    requireScope: required(options),
    store,
    codec: expect(options.codec ?? msgpackCodec(), isCodec, 'codec', 'msgpackCodec() or superjsonCodec()'),
    maxValueBytes: bytes(options.maxValueBytes ?? '1mb', 'maxValueBytes'),
    finish: oneOf(options.finish ?? 'background', ['background', 'await'], 'finish'),
    unknownWrites: oneOf(
      options.unknownWrites ?? 'invalidate',
      ['invalidate', 'event', 'throw'],
      'unknownWrites',
    ),
    defaults,
    enabled: expect(options.enabled ?? true, isBoolean, 'enabled', 'true or false'),
    memory: memoryConfig(options.memory, store),
  }
}

const OF_MEMORY: readonly string[] = ['mode', 'maxEntries', 'maxBytes'] satisfies (keyof MemoryOptions)[]

function memoryConfig(options: MemoryOptions | undefined, store: Store): MemoryConfig {
  if (options === undefined)
    return {
      mode: store.source === 'memory' ? 'off' : 'validate',
      maxEntries: 10_000,
      maxBytes: bytes('64mb', ''),
    }
  expect(options, isObject, 'memory', "{ mode: 'validate' | 'push' | 'off', maxEntries, maxBytes }")
  const unknown = Object.keys(options).find((name) => !OF_MEMORY.includes(name))
  if (unknown !== undefined)
    throw new CacheError(
      'LARDER_CONFIG',
      `memory has no option ${unknown}: there are ${OF_MEMORY.join(', ')}`,
    )
  if (store.source === 'memory')
    throw new CacheError(
      'LARDER_CONFIG',
      'memory keeps what is on a remote store, and this store is in memory: leave it out, or bound memoryStore({ maxEntries, maxBytes })',
    )
  return {
    mode: oneOf(options.mode ?? 'validate', ['validate', 'push', 'off'], 'memory.mode'),
    maxEntries: expect(
      options.maxEntries ?? 10_000,
      (value) => Number.isSafeInteger(value) && Number(value) > 0,
      'memory.maxEntries',
      'a whole number of at least 1',
    ),
    maxBytes: bytes(options.maxBytes ?? '64mb', 'memory.maxBytes'),
  }
}

/** These options describe one table, and defaults belong to none: here they would have no effect. */
function refuseTables(defaults: PolicyOptions): void {
  for (const name of OF_A_TABLE)
    if (defaults[name] !== undefined)
      throw new CacheError(
        'LARDER_CONFIG',
        `defaults.${name} describes tables of one client: give it where that client's models have their policies`,
      )
}

function required(options: CacheOptions): boolean {
  const value = expect(options.requireScope ?? false, isBoolean, 'requireScope', 'true or false')
  if (value && options.scope === undefined)
    throw new CacheError('LARDER_CONFIG', 'requireScope is true but there is no scope: give scope: () => …')
  return value
}

function namespace(value: unknown): string {
  return expect(
    value as string,
    (one) => typeof one === 'string' && /^[\w.:-]{1,32}$/.test(one),
    'namespace',
    'one to 32 letters, digits, or - _ . : (no braces: they name a cluster slot)',
  )
}

/** @throws CacheError unless `value` passes. */
export function expect<T>(value: T, passes: (value: unknown) => boolean, option: string, fix: string): T {
  if (passes(value)) return value
  throw new CacheError('LARDER_CONFIG', `${option} is ${show(value)}: give ${fix}`)
}

function oneOf<T extends string>(value: T, choices: readonly T[], option: string): T {
  return expect(
    value,
    (one) => choices.includes(one as T),
    option,
    choices.map((one) => `'${one}'`).join(' or '),
  )
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null
const isBoolean = (value: unknown): boolean => typeof value === 'boolean'
const isString = (value: unknown): boolean => typeof value === 'string'
const isFunction = (value: unknown): boolean => typeof value === 'function'
const isStore = (value: unknown): boolean => has(value, 'fetch') && has(value, 'seed') && has(value, 'finish')
const isCodec = (value: unknown): boolean => has(value, 'bind')

function has(value: unknown, method: string): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Record<string, unknown>)[method] === 'function'
  )
}
