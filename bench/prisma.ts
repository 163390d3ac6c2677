import { createCache } from '@larder/core'
import { prismaCache } from '@larder/prisma'
import { strikesOf } from '../examples/demo/src/strikes.ts'
import { datamodel } from '../prisma/generated/larder.ts'
import type { Catalogue } from './catalogue.ts'
import { type Base, compare } from './compare.ts'
import { type Budget, type Case, interleave } from './rounds.ts'

/** Any report; the others are as large. */
const ID = 4711
const where = { id: ID }
const PLAIN = 'plain Prisma'
const AT_ONCE = 'an extension that answers at once'
const versusPlain: Base = { head: '× plain', name: PLAIN }

/** What Larder costs and saves behind a real client. */
export async function benchPrisma({ prisma }: Catalogue, budget: Budget): Promise<void> {
  const cache = createCache({ defaults: { ttl: '1h' } })
  const larder = prisma.$extends(prismaCache({ cache, datamodel, models: { Strike: {} } }))
  const row = await larder.strike.findUnique({ where })
  const empty = prisma.$extends({ query: { $allOperations: ({ args, query }) => query(args) } })
  const atOnce = prisma.$extends({ query: { $allOperations: async () => row } })
  const show = async (title: string, cases: readonly Case[], bases: readonly Base[]) =>
    console.log(`\n${title}\n\n${compare(await interleave(cases, budget), bases)}`)

  // Prisma's promises begin when they are awaited.
  await show(
    'Prisma on PGlite: findUnique\nThe floor is what Prisma itself takes when an extension has the answer.',
    [
      { name: PLAIN, run: async () => await prisma.strike.findUnique({ where }) },
      { name: 'an extension that only passes on', run: async () => await empty.strike.findUnique({ where }) },
      { name: AT_ONCE, run: async () => await atOnce.strike.findUnique({ where }) },
      { name: 'Larder: hit', run: async () => await larder.strike.findUnique({ where }) },
      {
        name: 'Larder: past the cache, $cached(false)',
        run: async () => await larder.$cached(false).strike.findUnique({ where }),
      },
    ],
    [versusPlain, { head: '× floor', name: AT_ONCE }],
  )
  const [plainStrikes, larderStrikes] = [strikesOf(prisma), strikesOf(larder)]
  await show(
    'Prisma on PGlite: findUnique with an include, ten tables',
    [
      { name: PLAIN, run: () => plainStrikes.read(ID) },
      { name: 'Larder: hit', run: () => larderStrikes.read(ID) },
    ],
    [versusPlain],
  )
  const { misses } = cache.stats()
  // One row alone, and once more with all that belongs to it.
  if (misses > 2) throw new Error(`Not all hits: ${misses} reads missed, not 2`)
  const costs = rising()
  await show(
    'Prisma on PGlite: update of one row\nLarder marks before it and finishes after it.',
    [
      { name: PLAIN, run: () => plainStrikes.write(ID, costs()) },
      { name: 'Larder', run: () => larderStrikes.write(ID, costs()) },
    ],
    [versusPlain],
  )
  await cache.close()
}

/** Every update changes something. */
function rising(): () => { repair: number; total: number } {
  let cents = 0
  return () => ({ repair: ++cents, total: cents })
}
