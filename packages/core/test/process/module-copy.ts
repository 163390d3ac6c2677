import type { Cache, CacheOptions } from '@larder/core'
import type { ConnectionSource, Engine } from '@larder/core/host'
import { settled } from '@larder/testing'
import { vi } from 'vitest'
import { PRIMARY, readPlan, reads, writePlan, writes } from '../support/item-host.ts'
import { type SimulatedDatabase, simulatedDatabase, startState } from '../support/simulated-database.ts'

export type Core = typeof import('@larder/core') & typeof import('@larder/core/host')

/** The engine, evaluated once more, as a bundler or a module reset does it. @param format of its memory stores. */
export async function copyOfCore(format?: string): Promise<Core> {
  vi.resetModules()
  const module = '../../src/store/memory-format.ts'
  if (format) vi.doMock(module, () => ({ MEMORY_FORMAT: format }))
  try {
    return { ...(await import('../../src/index.ts')), ...(await import('../../src/host.ts')) }
  } finally {
    vi.doUnmock(module)
  }
}

/** A cache of one copy of the module, with a client of the database that all copies use. */
export interface Copy {
  readonly cache: Cache
  readonly engine: Engine
  /** What a read by id gave, whether that is what the database has, and where it came from. */
  read(id?: number): Promise<{ readonly fresh: boolean; readonly source: string | undefined }>
  write(id?: number): Promise<void>
}

export const newDatabase = (): SimulatedDatabase => simulatedDatabase(startState(3), async () => {})

export interface CopyOptions extends CacheOptions {
  /** The object that the client's statements go to, of a driver that does not show which database that is. */
  readonly source?: object
}

export function copyOf(
  core: Core,
  database: SimulatedDatabase,
  { source, ...options }: CopyOptions = {},
): Copy {
  const cache = core.createCache(options)
  const engine = attachItems(cache, source && core.hiddenConnection(source))
  return {
    cache,
    engine,
    async read(id = 1) {
      const plan = readPlan(engine, reads.byId(id), database.read)
      const explained = await cache.explain(() => engine.read(plan))
      await settled()
      return {
        fresh: explained.result?.v === database.states.at(-1)?.item.get(id)?.v,
        source: explained.reads[0]?.source,
      }
    },
    async write(id = 1) {
      await engine.write(writePlan(writes.touch(id), database.write))
    },
  }
}

function attachItems(cache: Cache, connection: ConnectionSource | undefined): Engine {
  const column = { nullable: false, hasDefault: false, generated: false }
  const columns = [
    { ...column, name: 'id', type: 'integer' as const },
    { ...column, name: 'v', type: 'other' as const },
  ]
  const table = { name: 'item', columns, keys: [PRIMARY], foreignKeys: [], touches: [], reads: [] }
  const schema = { tables: new Map([['item', table]]) }
  return cache.attach({
    name: 'items',
    schema,
    database: undefined,
    identity: [],
    types: {},
    ...(connection && { connection }),
  })
}
