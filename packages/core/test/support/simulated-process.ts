import {
  type Cache,
  type CacheOptions,
  createCache,
  memoryStore,
  type PolicyOptions,
  type ReadReport,
} from '@larder/core'
import type { Engine, LookupKey, ReadPlan, Transaction } from '@larder/core/host'
import type { Store } from '@larder/core/store'
import { deferred, type FakeClock, fakeClock, settled } from '@larder/testing'
import { attachItems, type ReadShape, readPlan, type WriteShape, writePlan } from './item-host.ts'
import {
  type Mutation,
  type Query,
  type Row,
  type SimulatedDatabase,
  simulatedDatabase,
  startState,
} from './simulated-database.ts'

/** What a read returned, and where it came from. */
export type ReadResult<R> = ReadReport & { readonly result: R }

/** One process with a cache, a host, a database that answers at once, and time that stands still. */
export interface SimulatedProcess {
  readonly clock: FakeClock
  readonly cache: Cache
  readonly engine: Engine
  readonly database: SimulatedDatabase
  get<R>(shape: ReadShape<R>, more?: GetOptions<R>): Promise<ReadResult<R>>
  put(
    shape: WriteShape,
    run?: (mutation: Mutation) => Promise<readonly Row[]>,
    scope?: Transaction,
  ): Promise<readonly Row[]>
}

export type GetOptions<R> = Partial<ReadPlan<R>> & {
  readonly options?: PolicyOptions
  /** The host's own query; the database at once, if not given. */
  readonly load?: (query: Query<R>) => Promise<R>
}

export interface ProcessOptions extends CacheOptions {
  /** Wraps the memory store, which all processes of one test may share. */
  readonly wrapStore?: (store: Store) => Store
  readonly keys?: readonly LookupKey[]
  /** Another process over the same database and store. */
  readonly sharedWith?: SimulatedProcess & { readonly inner: Store }
  readonly random?: () => number
  /** Writes store their row, under this policy. */
  readonly through?: PolicyOptions
}

export function simulatedProcess(options: ProcessOptions = {}): SimulatedProcess & { readonly inner: Store } {
  const { wrapStore, keys, sharedWith, random, through, ...cacheOptions } = options
  const clock = sharedWith?.clock ?? fakeClock(random)
  const inner = sharedWith?.inner ?? memoryStore({ maxEntries: 1_000, clock })
  const store = wrapStore ? wrapStore(inner) : inner
  // A test that is about the memory tier says so: every other one is about the store.
  const memory = store.source === 'store' ? { memory: { mode: 'off' as const } } : {}
  const cache = createCache({ store, ...memory, ...cacheOptions }, { clock })
  const engine = attachItems(cache, keys)
  const policy =
    through && engine.policy({ ttl: '10m', jitter: 0, ...through, write: 'through' }, 'models.Item')
  const database = sharedWith?.database ?? simulatedDatabase(startState(3), async () => {})
  return {
    clock,
    cache,
    engine,
    database,
    inner,
    async get(shape, { load = database.read, ...more } = {}) {
      const { result, reads } = await cache.explain(() => engine.read(readPlan(engine, shape, load, more)))
      // Stored a moment after the caller has its result.
      await settled()
      return { ...(reads[0] as ReadReport), result }
    },
    put: (shape, run = database.write, scope) => engine.write(writePlan(shape, run, policy), scope),
  }
}

/** A statement stopped before it is executed, and again before its answer arrives. */
export interface Paused<A, R> {
  readonly run: (argument: A) => Promise<R>
  /** Resolves when the statement was sent. */
  readonly sent: Promise<void>
  /** Lets the database execute it; resolves when it has. */
  execute(): Promise<void>
  /** Lets the answer through. */
  answer(): void
  /** Loses the answer. */
  lose(error: Error): void
}

export function paused<A, R>(statement: (argument: A) => Promise<R>): Paused<A, R> {
  const [sent, execute, executed, answer] = [deferred(), deferred(), deferred(), deferred()]
  return {
    async run(argument) {
      sent.resolve()
      await execute.promise
      const result = await statement(argument)
      executed.resolve()
      await answer.promise
      return result
    },
    sent: sent.promise,
    execute() {
      execute.resolve()
      return executed.promise
    },
    answer: () => answer.resolve(),
    lose: (error) => answer.reject(error),
  }
}

/** The database's own answer to a read, paused. */
export function pausedLoad<R>({ database }: SimulatedProcess, _shape: ReadShape<R>): Paused<Query<R>, R> {
  return paused((query: Query<R>) => database.read(query))
}
