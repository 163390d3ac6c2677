import type { PrismaClient } from '../../../prisma/generated/client/client.ts'
import { type Catalogue, dollars } from './normalise.ts'
import { turn } from './turn.ts'

/** Large enough to be quick, small enough for a smooth bar and a prompt Ctrl-C. */
const CHUNK = 500

export interface SeedOptions {
  readonly signal: AbortSignal
  /** Called after each chunk with the strikes written so far. */
  onProgress(done: number): void
}

/** Writes the catalogue. Ends early, between two chunks, when the signal is aborted. @returns strikes written. */
export async function seed(
  prisma: PrismaClient,
  catalogue: Catalogue,
  options: SeedOptions,
): Promise<number> {
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

  let done = 0
  while (done < catalogue.strikes.length && !options.signal.aborted) {
    const chunk = catalogue.strikes.slice(done, done + CHUNK)
    const data = chunk.map(({ repair, other, total, ...row }) => ({
      ...row,
      costRepair: dollars(repair),
      costOther: dollars(other),
      costTotal: dollars(total),
    }))
    await prisma.strike.createMany({ data })
    done += chunk.length
    options.onProgress(done)
    await turn()
  }
  return done
}
