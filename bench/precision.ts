import { createCache, memoryStore } from '@larder/core'
import { prismaCache } from '@larder/prisma'
import { datamodel } from '../prisma/generated/larder.ts'
import type { Catalogue } from './catalogue.ts'
import { driveParts, fillParts, readParts, type Trace, WAYS, type Way } from './parts.ts'
import { table } from './table.ts'

const TRACE = { rows: 10_000, seed: 20_240_607, writeShare: 0.01 }

/** The same trace with dependencies known by row and by table: how many reads each keeps off the database. */
export async function benchPrecision({ prisma }: Catalogue, operations: number): Promise<void> {
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
  const lines = (Object.keys(WAYS) as Way[]).map((way) => [
    way,
    ...hits.map((shares) => percent(shares[way])),
  ])
  console.log(`
Precision: hits of reads of ${count(trace.rows)} rows with 100 parents, ${count(operations)} operations, of
which ${trace.writeShare * 100}% update a row; rows and ways alike likely. By row, each was read once before.

${table(['read', 'by row', 'by table'], lines)}`)
}

const count = (value: number): string => value.toLocaleString('en-US')
const percent = (share: number): string => `${(share * 100).toFixed(1)}%`
