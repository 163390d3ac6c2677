import { type Cache, type CacheOptions, createCache, memoryStore, type ReadReport } from '@larder/core'
import { systemClock } from '@larder/core/host'
import type { Store } from '@larder/core/store'
import { type Datamodel, type PrismaCacheOptions, prismaCache } from '@larder/prisma'
import { onTestFinished } from 'vitest'
import { PrismaClient } from '../../../../prisma/generated/client/client.ts'
import { datamodel } from '../../../../prisma/generated/larder.ts'
import { absentParser } from '../../../testing/src/index.ts'
import type { TestDatabase, Watch } from './database.ts'

export { mariadbDatabase, pgliteDatabase, postgresDatabase, type TestDatabase } from './database.ts'
export { datamodel, PrismaClient }

type Models = NonNullable<PrismaCacheOptions<typeof datamodel>['models']>

/** A client as the application has it. Declared by inference: that its type survives is part of what is tested. */
export type Extended = ReturnType<typeof extend>

function extend(base: PrismaClient, cache: Cache, models: Models, from: typeof datamodel) {
  return base.$extends(prismaCache({ cache, datamodel: from, models }))
}

/** What {@link connect} may be given. */
export interface ConnectOptions {
  readonly cache?: CacheOptions
  /** Default: every model for a minute. */
  readonly models?: Models
  readonly client?: Pick<ConstructorParameters<typeof PrismaClient>[0], 'omit' | 'transactionOptions'>
  /** Another class than the repository's client, made with other preview features. */
  readonly from?: typeof PrismaClient
  /** Of that class, where its schema is another than the repository's. */
  readonly datamodel?: Datamodel
  readonly watch?: Watch
  /** Most connections of the pool. */
  readonly max?: number
  /** False: as if the parser of raw SQL were not installed. */
  readonly parser?: false
}

/** A client with a cache of its own, and all that it does in the order it did it. */
export interface Connected {
  readonly db: Extended
  readonly base: PrismaClient
  readonly cache: Cache
  /** `mark`, `finish` and physical statements as they were sent; `COMMIT done` when it is answered. */
  readonly log: string[]
  /** Physical statements since the last call, without transaction control. */
  statements(): readonly string[]
  /** Where the reads that `run` makes come from: `'memory'` or `'database: reason'`. */
  sources(run: () => Promise<unknown>): Promise<readonly string[]>
}

/** Connects a client with a cache to a database, until the running test ends. */
export function connect(database: TestDatabase, options: ConnectOptions = {}): Connected {
  const log: string[] = []
  const watch: Watch = async (sql, phase) => {
    if (phase === 'sent') log.push(sql)
    else if (CONTROL.test(sql)) log.push(`${sql} done`)
    await options.watch?.(sql, phase)
  }
  const adapter = database.adapter(watch, options.max === undefined ? {} : { max: options.max })
  const base = new (options.from ?? PrismaClient)({ ...options.client, adapter })
  const cache = createCache(
    { store: logged(memoryStore(), log), ...options.cache },
    { clock: systemClock, ...(options.parser === false && { sqlParser: absentParser }) },
  )
  onTestFinished(async () => {
    await cache.close()
    await base.$disconnect()
  })
  const from = (options.datamodel ?? datamodel) as typeof datamodel
  const db = extend(base, cache, options.models ?? { '*': { ttl: '1m' } }, from)
  return {
    db,
    base,
    cache,
    log,
    statements: () => log.splice(0).filter((line) => !CONTROL.test(line) && !STORE.test(line)),
    sources: async (run) => (await cache.explain(run)).reads.map(sourceOf),
  }
}

const CONTROL = /^(?:BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b/
const STORE = /^(?:mark|finish)$/

/** `'memory'`, or `'database: reason'`. */
export function sourceOf({ source, reason }: ReadReport): string {
  return reason ? `${source}: ${reason}` : source
}

function logged(store: Store, log: string[]): Store {
  return {
    ...store,
    async mark(request) {
      log.push('mark')
      return store.mark(request)
    },
    async finish(request) {
      log.push('finish')
      return store.finish(request)
    },
  }
}

/** The error that `run` rejects with; fails where it does not. */
export async function errorOf(run: PromiseLike<unknown>): Promise<Error & { code?: unknown }> {
  try {
    await run
  } catch (error) {
    return error as Error
  }
  throw new Error('it was expected to reject')
}
