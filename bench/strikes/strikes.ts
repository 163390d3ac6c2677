import type { Prisma } from '../../prisma/generated/client/client.ts'

/** One read joins ten tables: the report, its airport and that one's state, and seven more. */
const everything = {
  airport: { include: { state: true } },
  aircraft: true,
  operator: true,
  damage: true,
  phase: true,
  species: true,
  size: true,
  timeOfDay: true,
} as const satisfies Prisma.StrikeInclude

type Strike = Prisma.StrikeGetPayload<{ include: typeof everything }>

/** What is asked of a client here. Any Prisma client of the schema fits, extended or not. */
interface StrikeClient {
  readonly strike: {
    findUnique(args: { where: { id: number }; include: typeof everything }): PromiseLike<Strike | null>
  }
}

/** The queries as an application has them. They do not know whether a cache is there. */
export const strikesOf = (prisma: StrikeClient) => ({
  read: async (id: number): Promise<Strike | null> =>
    prisma.strike.findUnique({ where: { id }, include: everything }),
})
