import type { PrismaClient } from '../../prisma/generated/client/client.ts'
import { type Catalogue, dollars } from './normalise.ts'

const CHUNK = 500

/** Writes the catalogue. */
export async function seed(prisma: PrismaClient, catalogue: Catalogue): Promise<void> {
  await prisma.state.createMany({ data: [...catalogue.states] })
  await prisma.airport.createMany({ data: [...catalogue.airports] })
  await prisma.aircraft.createMany({
    data: catalogue.aircraft.map(({ id, name }) => ({ id, makeModel: name })),
  })
  await prisma.operator.createMany({ data: [...catalogue.operators] })
  await prisma.damage.createMany({ data: [...catalogue.damages] })
  await prisma.flightPhase.createMany({ data: [...catalogue.phases] })
  await prisma.species.createMany({ data: [...catalogue.species] })
  await prisma.wildlifeSize.createMany({ data: [...catalogue.sizes] })
  await prisma.timeOfDay.createMany({ data: [...catalogue.timesOfDay] })
  for (let done = 0; done < catalogue.strikes.length; done += CHUNK) {
    const data = catalogue.strikes.slice(done, done + CHUNK).map(({ repair, other, total, ...row }) => ({
      ...row,
      costRepair: dollars(repair),
      costOther: dollars(other),
      costTotal: dollars(total),
    }))
    await prisma.strike.createMany({ data })
  }
}
