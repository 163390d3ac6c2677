import { type Cache, createCache } from '@larder/core'
import { prismaCache } from '@larder/prisma'
import { workload } from '../examples/demo/src/workload.ts'
import { datamodel } from '../prisma/generated/larder.ts'
import type { Catalogue } from './catalogue.ts'
import { table } from './table.ts'

const SEED = 20_240_607
const SKEW = 1
const WRITE_SHARE = 0.01
/** Prisma makes one statement of the findUniques of one moment. */
const TOGETHER = 500

/** What the driven client must be able to do. */
interface Client {
  readonly strike: {
    findUnique(args: { where: { id: number } }): PromiseLike<unknown>
    update(args: { where: { id: number }; data: { costRepair: number } }): PromiseLike<unknown>
  }
}

/** The same trace with writes known by row and by table: how many reads each keeps off the database. */
export async function benchPrecision(catalogue: Catalogue, operations: number): Promise<void> {
  const models = { Strike: {} }
  const { prisma, rows } = catalogue
  const byRow = createCache({ defaults: { ttl: '1h' } })
  const byTable = createCache({ defaults: { ttl: '1h' } })
  const lines = [
    await drive(
      'with datamodel: by row',
      prisma.$extends(prismaCache({ cache: byRow, datamodel, models })),
      byRow,
    ),
    await drive('without: by table', prisma.$extends(prismaCache({ cache: byTable, models })), byTable),
  ]
  console.log(`
Precision: ${count(rows)} rows, ${count(operations)} operations, ${WRITE_SHARE * 100}% of them updates by id
Reads by id and writes alike prefer some rows (Zipf, exponent ${SKEW}). Every row was
read once before. SQL counts what the reads and writes sent.

${table(['case', 'hits', 'misses', 'SQL'], lines)}`)

  async function drive(name: string, client: Client, cache: Cache): Promise<string[]> {
    await readAll(client, rows)
    const [before, sent] = [cache.stats(), catalogue.statements()]
    let left = operations
    for (const one of workload({ rows, seed: SEED, skew: SKEW, writeShare: WRITE_SHARE })) {
      if (left-- === 0) break
      const where = { id: one.id }
      if (one.kind === 'read') await client.strike.findUnique({ where })
      else await client.strike.update({ where, data: { costRepair: one.by } })
    }
    const after = cache.stats()
    const [hits, reads] = [after.hits - before.hits, after.reads - before.reads]
    await cache.close()
    return [name, percent(hits / reads), count(reads - hits), count(catalogue.statements() - sent)]
  }
}

async function readAll(client: Client, rows: number): Promise<void> {
  for (let first = 1; first <= rows; first += TOGETHER) {
    const ids = Array.from({ length: Math.min(TOGETHER, rows - first + 1) }, (_, index) => first + index)
    await Promise.all(ids.map((id) => client.strike.findUnique({ where: { id } })))
  }
}

const count = (value: number): string => value.toLocaleString('en-US')
const percent = (share: number): string => `${(share * 100).toFixed(1)}%`
