import { writeFileSync } from 'node:fs'
import { type Cache, createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { prismaCache } from '@larder/prisma'
import { valkeyStore } from '@larder/valkey'
import { datamodel } from '../prisma/generated/larder.ts'
import type { Context } from './context.ts'
import { printedProfile, profileOf } from './cpu-profile.ts'
import { describeMachine, thisMachine } from './machine.ts'
import { prepared } from './orm/drizzle.ts'
import { goods, strikes } from './orm/misses.ts'
import { raise, repair } from './orm/updates.ts'
import { heapProfile } from './process/heap.ts'
import { BURST, burst } from './valkey/burst.ts'
import { drive } from './valkey/drive.ts'
import { itemOf } from './valkey/items.ts'
import { larder } from './valkey/readers.ts'

/** Ms of each profile, and before it. */
const LENGTH = { quick: 1_000, full: 3_000 } as const
const WARM_UP = 500
const where = { id: 4711 }
/** Hits of one call where many are in flight. */
const MANY = { inFlight: 64, requests: 6_400, keys: 500 } as const

const HEAPS = [
  ['memoryStore()', 'heap-row-memory'],
  ['validate', 'heap-row-validate'],
  ['push', 'heap-row-push'],
] as const

const today = (): string => new Date().toISOString().slice(0, 10)

interface Path {
  readonly about: string
  run(): PromiseLike<unknown>
}

/** Writes a profile of each hot path to `bench/profiles/NAME.txt`. */
export async function writeProfiles(context: Context): Promise<void> {
  const { paths, close } = await openPaths(context)
  const machine = describeMachine(thisMachine())
  try {
    for (const [keeper, name] of HEAPS) {
      const file = new URL(`profiles/${name}.txt`, import.meta.url)
      const about = `Heap of one row of 300 B that was read twice by its own id: ${keeper}`
      writeFileSync(file, `${about}\n${machine}, ${today()}\n\n${await heapProfile(keeper, context)}`)
      console.log(`bench/profiles/${name}.txt`)
    }
    for (const [name, { about, run }] of Object.entries(paths)) {
      await repeat(run, WARM_UP)
      let calls = 0
      const profile = await profileOf(async () => {
        calls = await repeat(run, context.quick ? LENGTH.quick : LENGTH.full)
      })
      const file = new URL(`profiles/${name}.txt`, import.meta.url)
      const text = `${about}\n${machine}, ${today()}, ${calls} calls one after the other\n\n${printedProfile(profile)}`
      writeFileSync(file, text)
      console.log(`bench/profiles/${name}.txt`)
    }
  } finally {
    await close()
  }
}

async function openPaths(
  context: Context,
): Promise<{ paths: Readonly<Record<string, Path>>; close(): Promise<void> }> {
  const { url, prefix } = await context.server()
  const memory = createCache({ namespace: `${prefix}-profile` })
  const valkey = createCache({ namespace: `${prefix}-profile`, store: valkeyStore(url) })
  const [inMemory, onServer] = [await behind(memory, context), await behind(valkey, context)]
  const many = await Promise.all((['validate', 'off'] as const).map((mode) => storeHits(mode, context)))
  return {
    paths: {
      ...Object.fromEntries(many.map(({ name, path }) => [name, path])),
      ...hitPaths(inMemory, onServer),
      'prisma-miss': {
        about: 'Prisma: a list of 100 rows that misses, over Valkey',
        run: () => onServer.lists.prisma(100),
      },
      'prisma-miss-memory': {
        about: 'Prisma: a list of 10 rows that misses, in the memory store',
        run: () => inMemory.lists.prisma(10),
      },
      'prisma-write': {
        about: 'Prisma: update of a row by its key, over Valkey',
        run: () => onServer.updates.prisma(1),
      },
      'prisma-write-memory': {
        about: 'Prisma: update of a row by its key, in the memory store',
        run: () => inMemory.updates.prisma(1),
      },
      'drizzle-miss': {
        about: 'Drizzle: a list of 100 rows that misses, over Valkey',
        run: () => onServer.lists.drizzle(100),
      },
      'drizzle-miss-memory': {
        about: 'Drizzle: a list of 10 rows that misses, in the memory store',
        run: () => inMemory.lists.drizzle(10),
      },
      'drizzle-write': {
        about: 'Drizzle: update of a row by its key, over Valkey',
        run: () => onServer.updates.drizzle(1),
      },
      'drizzle-write-memory': {
        about: 'Drizzle: update of a row by its key, in the memory store',
        run: () => inMemory.updates.drizzle(1),
      },
    },
    async close() {
      for (const cache of [memory, valkey, ...many.map(({ reader }) => reader)]) await cache.close()
    },
  }
}

type Hosts = Awaited<ReturnType<typeof behind>>

/** What is profiled of one cache. */
async function behind(cache: Cache, context: Context) {
  const client = (await context.serverCatalogue()).prisma
  const prisma = client.$extends(prismaCache({ cache, datamodel, models: { Strike: { ttl: '1h' } } }))
  const db = (await context.products()).connect()
  const drizzle = drizzleCache(db, { cache, tables: { '*': { ttl: '1h' } } })
  return {
    prisma,
    drizzle,
    lists: { prisma: strikes(prisma), drizzle: goods(drizzle) },
    updates: { prisma: repair(prisma), drizzle: raise(drizzle) },
  }
}

/** Hits without an ORM, many in flight. */
async function storeHits(mode: 'validate' | 'off', context: Context) {
  const load = async (id: number) => itemOf('300 B', id)
  const reader = await larder(await context.server(), { label: 'profile', tables: 1, load }, mode)
  for (let id = 0; id < MANY.keys; id++) await reader.read(id)
  const about = `No ORM: ${MANY.requests} hits over Valkey, ${MANY.inFlight} in flight, memory mode '${mode}'`
  return { name: `store-hits-${mode}`, reader, path: { about, run: () => drive(reader.read, MANY) } }
}

function hitPaths(inMemory: Hosts, onServer: Hosts): Readonly<Record<string, Path>> {
  return {
    'prisma-hit-memory': {
      about: 'Prisma: findUnique, a hit in the memory store',
      run: () => inMemory.prisma.strike.findUnique({ where }),
    },
    'prisma-hit-validate': {
      about: "Prisma: findUnique, a hit over Valkey with memory mode 'validate'",
      run: () => onServer.prisma.strike.findUnique({ where }),
    },
    'prisma-burst': {
      about: `Prisma: bursts of ${BURST.requests} findFirst at once over ${BURST.keys} keys, hits over Valkey with memory mode 'validate'`,
      run: () => burst((id) => onServer.prisma.strike.findFirst({ where: { id } })),
    },
    'drizzle-hit-memory': {
      about: 'Drizzle: a prepared select by key, a hit in the memory store',
      run: prepared(inMemory.drizzle, 'memory'),
    },
    'drizzle-hit-validate': {
      about: "Drizzle: a prepared select by key, a hit over Valkey with memory mode 'validate'",
      run: prepared(onServer.drizzle, 'validate'),
    },
  }
}

/** @returns how many calls there were time for. */
async function repeat(run: Path['run'], ms: number): Promise<number> {
  let calls = 0
  for (const end = performance.now() + ms; performance.now() < end; calls++) await run()
  return calls
}
