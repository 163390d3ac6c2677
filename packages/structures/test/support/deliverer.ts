// A process that delivers when it gets a message: DELIVERER valkey-url database-url name orm moment
// It dies inside of its second transaction, after its second COMMIT, or when it is killed from outside.
import { createCounter } from '@larder/structures'
import { drizzleFlush } from '@larder/structures/drizzle'
import { prismaFlush } from '@larder/structures/prisma'
import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { clientOf } from './client-of.ts'
import { addTotals, batchesOf, type DeltaRows } from './totals.ts'

const [url = '', databaseUrl = '', name = '', orm = '', moment = ''] = process.argv.slice(2)
let remaining = 2
function die(): void {
  process.kill(process.pid, 'SIGKILL')
}

async function apply(run: (rows: DeltaRows) => Promise<unknown>, deltas: Map<string, number>): Promise<void> {
  await run([[...deltas.keys()], [...deltas.values()]])
  if (moment === 'inside' && --remaining === 0) die()
}

const withDrizzle = () =>
  drizzleFlush(drizzle(new pg.Pool({ connectionString: databaseUrl, max: 2 })), {
    batches: batchesOf,
    apply: (tx, deltas) => apply((rows) => tx.execute(addTotals.sql(rows)), deltas),
  })

async function withPrisma() {
  const { prismaOf } = await import('./prisma-client.ts')
  return prismaFlush(prismaOf(databaseUrl), {
    batches: 'setting',
    apply: (tx, deltas) => apply(([ids, sums]) => tx.$executeRawUnsafe(addTotals.text, ids, sums), deltas),
  })
}

const flush = orm === 'prisma' ? await withPrisma() : withDrizzle()
const counter = createCounter(clientOf(url), {
  name,
  every: 5,
  batchSize: 4,
  retryAfter: 300,
  async flush(deltas, batch) {
    await flush(deltas, batch)
    if (moment === 'committed' && --remaining === 0) die()
  },
})
process.once('message', () => counter.start())
process.send?.('ready')
