import { createCache, memoryStore } from '@larder/core'
import { prismaCache } from '@larder/prisma'
import { datamodel } from '../prisma/generated/larder.ts'
import type { Context } from './context.ts'
import { driveParts, fillParts, readParts, type Trace, WAYS, type Way } from './parts.ts'
import { whole } from './units.ts'

const TRACE = { rows: 10_000, seed: 20_240_607, writeShare: 0.01 }

/** The same trace with dependencies known by row and by table: how many reads each keeps off the database. */
export async function benchPrecision({ catalogue, quick, show }: Context): Promise<void> {
  const { prisma } = await catalogue()
  const operations = quick ? 5_000 : 40_000
  await prisma.$executeRawUnsafe(fillParts(TRACE.rows))
  const trace: Trace = { ...TRACE, operations }
  const models = { LegacyItem: {} }
  const hits: Record<Way, number>[] = []
  for (const known of [true, false]) {
    // All of the 30,000 entries: the default bound would evict those that were read first.
    const store = memoryStore({ isolated: true, maxBytes: '512mb' })
    const cache = createCache({ store, defaults: { ttl: '1h' } })
    const extension = known ? prismaCache({ cache, datamodel, models }) : prismaCache({ cache, models })
    const client = prisma.$extends(extension)
    // By table the first write ends all of it.
    if (known) await readParts(client, trace.rows)
    hits.push(await driveParts(client, trace, () => cache.stats().hits))
    await cache.close()
  }
  show({
    id: 'precision',
    title: 'Precision: hits of reads, with dependencies known by row and by table',
    note: `${whole(trace.rows)} rows with 100 parents, ${whole(operations)} operations, of which ${trace.writeShare * 100}% update a row;
rows and ways alike likely. By row, each was read once before.`,
    columns: [
      { name: 'by row', unit: 'share' },
      { name: 'by table', unit: 'share' },
    ],
    rows: (Object.keys(WAYS) as Way[]).map((way) => ({
      name: way,
      figures: hits.map((shares) => ({ value: shares[way] })),
    })),
  })
}
