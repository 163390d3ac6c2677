import { createCache } from '@larder/core'
import { prismaCache } from '@larder/prisma'
import { datamodel } from '../prisma/generated/larder.ts'
import { compare } from './compare.ts'
import type { Context } from './context.ts'
import { interleave } from './rounds.ts'
import type { Row } from './sheet.ts'
import { workload } from './strikes/workload.ts'
import { whole } from './units.ts'

const SEED = 20_240_608
const SKEW = 1
const WRITE_SHARE = 0.5
const ID = 4711
const PLAIN = 'plain Prisma'

/** What the driven client must be able to do. */
interface Client {
  readonly strike: {
    findUnique(args: { where: { id: number } }): PromiseLike<unknown>
    update(args: { where: { id: number }; data: { costRepair: number } }): PromiseLike<unknown>
  }
}

/** What displaying rows that are written all the time costs, and what storing them costs those who write. */
export async function benchWriteThrough(context: Context): Promise<void> {
  const catalogue = await context.catalogue()
  const { prisma, rows } = catalogue
  const operations = context.quick ? 5_000 : 40_000
  const cached = (write: 'invalidate' | 'through') => {
    const cache = createCache({ defaults: { ttl: '1h' } })
    const client = prisma.$extends(prismaCache({ cache, datamodel, models: { Strike: { write } } }))
    return { client, close: () => cache.close() }
  }
  const [invalidate, through] = [cached('invalidate'), cached('through')]
  const lines = [
    await drive(PLAIN, prisma),
    await drive("Larder: write: 'invalidate'", invalidate.client),
    await drive("Larder: write: 'through'", through.client),
  ]
  const share = `${WRITE_SHARE * 100}% of them updates by id`
  context.show({
    id: 'display',
    title: `Display under writes: ${whole(rows)} rows, ${whole(operations)} operations, ${share}`,
    note: `Reads by id and writes alike prefer some rows (Zipf, exponent ${SKEW}); nothing is cached
when it begins. Statements are those that reads sent.`,
    columns: [
      { name: 'displays', unit: 'count' },
      { name: 'statements', unit: 'count' },
      { name: 'each', unit: 'count' },
    ],
    rows: lines,
  })

  let cost = 0
  const update = (client: Client) => async () =>
    await client.strike.update({ where: { id: ID }, data: { costRepair: ++cost % 1_000 } })
  const timed = await interleave(
    [
      { name: PLAIN, run: update(prisma) },
      { name: "Larder: write: 'invalidate'", run: update(invalidate.client) },
      { name: "Larder: write: 'through'", run: update(through.client) },
    ],
    context.remoteBudget,
  )
  context.show({
    id: 'update',
    title: 'Prisma on PGlite: update of one row, which is stored or not',
    ...compare(timed, [{ head: '× plain', name: PLAIN }]),
  })
  await invalidate.close()
  await through.close()

  async function drive(name: string, client: Client): Promise<Row> {
    let [left, displays, statements] = [operations, 0, 0]
    for (const one of workload({ rows, seed: SEED, skew: SKEW, writeShare: WRITE_SHARE })) {
      if (left-- === 0) break
      const where = { id: one.id }
      if (one.kind === 'write') {
        await client.strike.update({ where, data: { costRepair: one.by } })
        continue
      }
      const before = catalogue.statements()
      await client.strike.findUnique({ where })
      statements += catalogue.statements() - before
      displays++
    }
    return { name, figures: [displays, statements, statements / displays].map((value) => ({ value })) }
  }
}
