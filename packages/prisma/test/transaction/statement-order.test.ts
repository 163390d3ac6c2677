import { setTimeout as sleep } from 'node:timers/promises'
import { createCache, memoryStore } from '@larder/core'
import type { Store } from '@larder/core/store'
import { prismaCache } from '@larder/prisma'
import { setting } from '@larder/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PrismaClient } from '../../../../prisma/generated/client/client.ts'
import { type SentStatement, seededRandom, until, watchAdapter } from '../../../testing/src/index.ts'
import { type AdapterClient, adapterClient } from '../support/adapter-client.ts'
import { ADAPTERS, type AdapterDatabase } from '../support/adapters.ts'
import { programOf, type Step } from './program.ts'
import { type AnyClient, runProgram } from './run.ts'

/** Programs for each adapter and store. More: LARDER_ORDER_PROGRAMS=500. */
const PROGRAMS = setting('LARDER_ORDER_PROGRAMS', 2, 40)
const FIRST = setting('LARDER_ORDER_SEED', 1)

const STORES: Readonly<Record<string, (seed: number) => Store>> = {
  'the memory store': () => memoryStore({ isolated: true }),
  'a slow store': (seed) => slow(memoryStore({ isolated: true }), seed),
}

describe.each(Object.entries(ADAPTERS))('with %s', (_, open) => {
  let database: AdapterDatabase
  let clients: AdapterClient
  let plain: Awaited<ReturnType<typeof connect>>
  let savepoints = false
  beforeAll(async () => {
    database = await open()
    clients = await adapterClient(database.provider)
    plain = await connect(database, clients)
    await plain.base.setting.createMany({
      data: [
        { id: 'a', value: '0' },
        { id: 'b', value: '0' },
      ],
    })
    savepoints = await plain.base
      .$transaction((tx) => (tx as PrismaClient).$transaction(async () => true))
      .catch(() => false)
  })
  afterAll(async () => {
    await plain.base.$disconnect()
    await database.stop()
  })

  it.each(Object.keys(STORES))(
    'over %s the driver receives the same calls as without a cache',
    async (store) => {
      for (let seed = FIRST; seed < FIRST + PROGRAMS; seed++) {
        const program = programOf(seed, { savepoints, single: database.single })
        const expected = await outcome(plain, plain.base, (client) => client, program)
        const wrappedRun = await connect(database, clients)
        const cache = createCache({
          store: (STORES[store] ?? memoryStore)(seed),
          unknownWrites: 'invalidate',
        })
        const db = wrappedRun.base.$extends(prismaCache({ cache, datamodel: clients.datamodel }))
        const declare = (client: AnyClient) =>
          (client as unknown as typeof db).$cached({ writes: ['Setting'] }) as unknown as AnyClient
        const actual = await outcome(wrappedRun, db as unknown as AnyClient, declare, program)
        await cache.close()
        await wrappedRun.base.$disconnect()
        expect(actual, `program ${seed}: ${JSON.stringify(program)}`).toEqual(expected)
      }
    },
  )

  it('reads are hits until a write of any form, and then equal the rows', async () => {
    const own = await connect(database, clients)
    const cache = createCache({ store: memoryStore({ isolated: true }) })
    const { datamodel } = clients
    const db = own.base.$extends(prismaCache({ cache, datamodel, models: { '*': { ttl: '1m' } } }))
    const readsOf = ({ setting: table }: Pick<PrismaClient, 'setting'>) => ({
      row: () => table.findUnique({ where: { id: 'a' } }),
      rows: () => table.findMany({ orderBy: { id: 'asc' } }),
      count: () => table.count({ where: { value: 'x' } }),
    })
    const reads = Object.entries(readsOf(db as unknown as PrismaClient))
    const truth = readsOf(plain.base)
    const set = (on: Pick<PrismaClient, 'setting'>, id: string, value: string) =>
      on.setting.update({ where: { id }, data: { value } })
    const writes: Readonly<Record<string, () => Promise<unknown>>> = {
      update: () => set(db as unknown as PrismaClient, 'a', 'x'),
      'raw SQL': () => db.$executeRaw`UPDATE app_setting SET value = 'raw'`,
      create: () => db.setting.create({ data: { id: 'c', value: 'x' } }),
      'a list of operations': () =>
        db.$transaction([
          db.setting.update({ where: { id: 'a' }, data: { value: 'x' } }),
          db.setting.deleteMany({ where: { id: 'c' } }),
        ]),
      'a transaction': () => db.$transaction((tx) => set(tx as never, 'a', 'in a transaction')),
      'a transaction that is rolled back': () =>
        db
          .$transaction(async (tx) => {
            await set(tx as never, 'a', 'never')
            throw new Error('undo')
          })
          .catch(() => {}),
    }
    for (const [write, run] of Object.entries(writes)) {
      // An adapter may show its database only after the first statements.
      for (const [read, ask] of reads)
        await until(async () => {
          const { reads: seen } = await cache.explain(async () => void (await ask()))
          return seen.every(({ source }) => source === 'memory')
        }).catch(() => expect.unreachable(`${read} is never a hit before ${write}`))
      await run()
      for (const [read, ask] of reads)
        expect(await ask(), `${read} after ${write}`).toEqual(await truth[read as keyof typeof truth]())
    }
    await cache.close()
    await own.base.$disconnect()
  })
})

async function connect(database: AdapterDatabase, { PrismaClient: Client }: AdapterClient) {
  const watched = watchAdapter(database.adapter())
  const base = new Client({ adapter: oneByOne(watched.adapter, database) })
  return { base, watched }
}

/** What hides the settings of a pool would hide that it is a pool of one. */
function oneByOne(adapter: ReturnType<typeof watchAdapter>['adapter'], { single }: AdapterDatabase) {
  return Object.assign(adapter, { config: { max: single ? 1 : 3 } })
}

async function outcome(
  { base, watched }: { readonly base: PrismaClient; readonly watched: ReturnType<typeof watchAdapter> },
  client: AnyClient,
  declare: (client: AnyClient) => AnyClient,
  program: readonly Step[],
) {
  await base.setting.updateMany({ data: { value: '0' } })
  watched.clear()
  const ends = await runProgram(client, declare, program)
  const sent = connections(watched.statements)
  return { ends, sent, rows: await base.setting.findMany({ orderBy: { id: 'asc' } }) }
}

/** What was sent, by transaction; what is outside of all keeps its place among them where there is one connection. */
function connections(sent: readonly SentStatement[]): readonly string[] {
  const numbers = [...new Set(sent.flatMap(({ transaction }) => transaction ?? []))]
  return sent.map(
    ({ sql, values, transaction }) =>
      `${transaction === undefined ? 'outside' : numbers.indexOf(transaction)}: ${sql} ${JSON.stringify(values)}`,
  )
}

function slow(store: Store, seed: number): Store {
  const random = seededRandom(seed)
  const later =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await sleep(random() * 6)
      return call(...args)
    }
  return {
    ...store,
    source: 'store',
    fetch: later(store.fetch),
    seed: later(store.seed),
    mark: later(store.mark),
    finish: later(store.finish),
  }
}
