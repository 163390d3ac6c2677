import type { Prisma } from '../../../prisma/generated/client/client.ts'
import { dollars } from './normalise.ts'

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

export type Strike = Prisma.StrikeGetPayload<{ include: typeof everything }>

/** What of a row a write changes, in cents. */
export interface Costs {
  readonly repair: number
  readonly total: number
}

/** The catalogue as the application sees it. It does not know whether a cache is there. */
export interface Strikes {
  read(id: number): Promise<Strike | null>
  write(id: number, costs: Costs): Promise<void>
}

/** What is asked of a client here. Any Prisma client of the schema fits, extended or not. */
export interface StrikeClient {
  readonly strike: {
    findUnique(args: { where: { id: number }; include: typeof everything }): PromiseLike<Strike | null>
    update(args: {
      where: { id: number }
      data: { costRepair: string; costTotal: string }
      select: { id: true }
    }): PromiseLike<{ id: number }>
  }
}

export function strikesOf(prisma: StrikeClient): Strikes {
  return {
    read: async (id) => prisma.strike.findUnique({ where: { id }, include: everything }),
    async write(id, { repair, total }) {
      const data = { costRepair: dollars(repair), costTotal: dollars(total) }
      await prisma.strike.update({ where: { id }, data, select: { id: true } })
    },
  }
}
