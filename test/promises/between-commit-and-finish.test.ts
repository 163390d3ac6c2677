import { type Cache, createCache, memoryStore } from '@larder/core'
import type { Store } from '@larder/core/store'
import type { WatchedAdapter } from '@larder/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { PrismaClient } from '../../prisma/generated/client/client.ts'
import { storeThatTrustsWriters } from '../broken/stores.ts'
import { cachedClient, EVERY_MODEL } from '../support/cached-client.ts'
import { startPostgresDatabase, type TestDatabase } from '../support/databases.ts'

// Clients that know different keys of one table share a cache. A write must mark the keys that its client does not know.

let database: TestDatabase
let plain: PrismaClient
/** The plain clients that the cached ones extend. */
let bases: readonly Party[]
beforeAll(async () => {
  database = await startPostgresDatabase(3)
  plain = database.client().client
  bases = names.map(() => database.client())
})
afterAll(() => database.stop())
beforeEach(async () => {
  await plain.seat.deleteMany()
  await plain.seat.create({ data: { id: 1, venue: 'v', row: 1, number: 1, holder: 'ann' } })
})

const names = ['holders', 'venues', 'bare'] as const

const byHolder = { ...EVERY_MODEL, Seat: { ttl: '1h', lookupKeys: [['holder']] } } as const
const byVenue = { ...EVERY_MODEL, Seat: { ttl: '1h', lookupKeys: [['venue'], ['row', 'number']] } } as const

interface Party {
  readonly client: PrismaClient
  readonly watched: WatchedAdapter
}

/** All clients, on one new cache. */
function parties(store: Store = memoryStore()): Record<(typeof names)[number], Party> & { cache: Cache } {
  const cache = createCache({ store })
  const party = (base: Party | undefined, options: Parameters<typeof cachedClient>[1]): Party => {
    if (!base) throw new Error('no client')
    const { client } = cachedClient(base.client, { ...options, cache, database: 'seats' })
    return { client: client as unknown as PrismaClient, watched: base.watched }
  }
  return {
    cache,
    holders: party(bases[0], { models: byHolder }),
    venues: party(bases[1], { models: byVenue }),
    bare: party(bases[2], { datamodel: false }),
  }
}

/** Reads whose keys only some of the clients know. */
const reads = {
  holder: ({ client }: Party) => client.seat.findMany({ where: { holder: 'ann' }, orderBy: { id: 'asc' } }),
  venue: ({ client }: Party) => client.seat.findMany({ where: { venue: 'v' }, orderBy: { id: 'asc' } }),
  place: ({ client }: Party) =>
    client.seat.findMany({ where: { row: 1, number: 1 }, orderBy: { id: 'asc' } }),
  id: ({ client }: Party) => client.seat.findUnique({ where: { id: 1 } }),
} as const

const pairs = names.flatMap((writer) => names.map((reader) => [writer, reader] as const))

const update = ({ client }: Pick<Party, 'client'>) =>
  client.seat.update({ where: { id: 1 }, data: { holder: 'bob', venue: 'w', number: 2 } })
const isUpdate = ({ sql }: { sql: string }): boolean => /^\s*UPDATE/.test(sql)

/** Every read equals the database, both when it is loaded and when it is a hit. */
async function expectTruth(reader: Party): Promise<void> {
  for (const read of Object.values(reads)) {
    const truth = await read({ ...reader, client: plain })
    expect(await read(reader)).toEqual(truth)
    expect(await read(reader)).toEqual(truth)
  }
}

describe.each(pairs)('a %s write and a %s read', (writing, reading) => {
  test('a read cached before the write is not served after it', async () => {
    const all = parties()
    await expectTruth(all[reading])
    await update(all[writing])
    await expectTruth(all[reading])
  })

  test('a key first used between mark and statement starts dirty', async () => {
    const all = parties()
    const hold = all[writing].watched.hold(isUpdate)
    const write = Promise.resolve(update(all[writing]))
    await hold.reached
    // These reads are about to become stale.
    for (const read of Object.values(reads)) await read(all[reading])
    hold.release()
    await write
    await expectTruth(all[reading])
  })

  test('a key first used between COMMIT and finish starts dirty', async () => {
    const all = parties()
    const hold = all[writing].watched.holdAnswer(isUpdate)
    const write = Promise.resolve(update(all[writing]))
    await hold.reached
    // The database has the new row, and nothing was invalidated yet.
    await expectTruth(all[reading])
    hold.release()
    await write
    await expectTruth(all[reading])
  })

  test('a load that began before the mark is not stored as fresh', async () => {
    const all = parties()
    for (const read of Object.values(reads)) {
      const hold = all[reading].watched.holdAnswer(({ sql }) => /^\s*SELECT/.test(sql))
      const early = Promise.resolve(read(all[reading]))
      await hold.reached
      await update(all[writing])
      hold.release()
      await early
      await expectTruth(all[reading])
      await plain.seat.updateMany({ data: { venue: 'v', number: 1, holder: 'ann' } })
      await all.cache.invalidate({ all: true })
    }
  })

  test('a key first used between the mark and the COMMIT of a transaction starts dirty', async () => {
    const all = parties()
    const hold = all[writing].watched.hold(({ sql }) => sql === 'COMMIT')
    const write = all[writing].client.$transaction((tx) => update({ client: tx as PrismaClient }))
    await hold.reached
    for (const read of Object.values(reads)) await read(all[reading])
    hold.release()
    await write
    await expectTruth(all[reading])
  })
})

test('a store that skips keys which the writer has not declared serves a stale read', async () => {
  const all = parties(storeThatTrustsWriters())
  await expectTruth(all.venues)
  await update(all.holders)
  await expect(expectTruth(all.venues)).rejects.toThrow()
})
