import { createCache } from '@larder/core'
import { prismaCache } from '@larder/prisma'
import { datamodel } from '../../prisma/generated/larder.ts'
import { type Base, compare } from '../compare.ts'
import type { Context } from '../context.ts'
import { type Case, interleave } from '../rounds.ts'
import type { Sheet } from '../sheet.ts'
import { strikesOf } from '../strikes/strikes.ts'

/** Any report; the others are as large. */
const ID = 4711
const where = { id: ID }
const PLAIN = 'plain Prisma'
const IMMEDIATE = 'an extension that answers immediately'
const versusPlain: Base = { head: '× plain', name: PLAIN }

/** What Larder costs and saves behind a real client. */
export async function benchPrisma(context: Context): Promise<void> {
  const { prisma } = await context.serverCatalogue()
  const cache = createCache({ defaults: { ttl: '1h' } })
  const larder = prisma.$extends(prismaCache({ cache, datamodel, models: { Strike: {} } }))
  const row = await larder.strike.findUnique({ where })
  const empty = prisma.$extends({ query: { $allOperations: ({ args, query }) => query(args) } })
  const atOnce = prisma.$extends({ query: { $allOperations: async () => row } })
  const show = async (
    about: Pick<Sheet, 'id' | 'title' | 'note'>,
    cases: readonly Case[],
    bases: readonly Base[],
  ): Promise<void> =>
    context.show({ ...about, ...compare(await interleave(cases, context.remoteBudget), bases) })

  // Prisma's promises begin when they are awaited.
  await show(
    {
      id: 'hit',
      title: 'Prisma on PostgreSQL: findUnique',
      note: 'The floor is what Prisma itself takes when an extension has the answer.',
    },
    [
      { name: PLAIN, run: async () => await prisma.strike.findUnique({ where }) },
      { name: 'an extension that only passes on', run: async () => await empty.strike.findUnique({ where }) },
      { name: IMMEDIATE, run: async () => await atOnce.strike.findUnique({ where }) },
      { name: 'Larder: hit', run: async () => await larder.strike.findUnique({ where }) },
      {
        name: 'Larder: bypass, $cached(false)',
        run: async () => await larder.$cached(false).strike.findUnique({ where }),
      },
    ],
    [versusPlain, { head: '× floor', name: IMMEDIATE }],
  )
  const [plainStrikes, larderStrikes] = [strikesOf(prisma), strikesOf(larder)]
  await show(
    { id: 'include', title: 'Prisma on PostgreSQL: findUnique with an include, ten tables' },
    [
      { name: PLAIN, run: () => plainStrikes.read(ID) },
      { name: 'Larder: hit', run: () => larderStrikes.read(ID) },
    ],
    [versusPlain],
  )
  const { misses } = cache.stats()
  // One row alone, and once more with all that belongs to it.
  if (misses > 2) throw new Error(`Not all hits: ${misses} reads missed, not 2`)
  await cache.close()
}
