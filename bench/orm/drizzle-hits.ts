import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { valkeyStore } from '@larder/valkey'
import { type Base, compare } from '../compare.ts'
import type { Context } from '../context.ts'
import type { Db } from '../products.ts'
import { type Case, interleave } from '../rounds.ts'
import { MODES, nameOf, otherReads, tellOthers } from '../valkey/caches.ts'
import { built, prepared, preparedById } from './drizzle.ts'
import { benchManyHits } from './many-hits.ts'
import { ServerCache } from './server-cache.ts'

const PLAIN = 'plain Drizzle, local database'
const versusPlain: Base = { head: '× plain', name: PLAIN }

/** What a hit on the server costs behind Drizzle, one at a time. */
export async function benchDrizzleHits(context: Context): Promise<void> {
  const { connect } = await context.products()
  const server = await context.server()
  const plain = connect()
  const native = connect({ cache: new ServerCache(server.connect(), `${server.prefix}-native`) })
  const larders = MODES.map((mode) => {
    const store = valkeyStore(server.url)
    const cache = createCache({ store, namespace: `${server.prefix}-drizzle-${mode}`, memory: { mode } })
    const db = drizzleCache(connect(), { cache, tables: { '*': { ttl: '1h' } } })
    return { mode, cache, db }
  })
  const dbs: (readonly [string, Db])[] = [
    [PLAIN, plain],
    ...larders.map(({ mode, db }) => [nameOf(mode), db] as const),
    ["Drizzle's own cache over Valkey", native],
  ]
  const measure = async (id: string, title: string, cases: readonly Case[]): Promise<void> => {
    // What was loaded is stored in the background.
    for (let time = 0; time < 20; time++) for (const { run } of cases) await run()
    await new Promise((resolve) => setTimeout(resolve, 50))
    const others = larders.map(({ cache }) => otherReads(cache))
    const timed = await interleave(cases, context.remoteBudget)
    context.show({ id, title, ...compare(timed, [versusPlain]) })
    for (const [index, { mode }] of larders.entries()) tellOthers(nameOf(mode), others[index]?.() ?? 0)
  }
  try {
    await measure(
      'prepared',
      'Drizzle on PostgreSQL and Valkey: a hit of a prepared select by key, one at a time',
      dbs.map(([name, db], index) => ({ name, run: prepared(db, `hit_${index}`) })),
    )
    await measure(
      'built',
      'Drizzle on PostgreSQL and Valkey: the same, built each time',
      dbs.map(([name, db]) => ({ name, run: built(db) })),
    )
    await benchManyHits(
      context,
      'Drizzle',
      dbs.map(([name, db], index) => ({
        name,
        // Only this one needs the database, and one connection would hold it back.
        read: preparedById(db === plain ? connect({ connections: 8 }) : db, `many_${index}`),
      })),
      [versusPlain],
    )
  } finally {
    for (const { cache } of larders) await cache.close()
  }
}
