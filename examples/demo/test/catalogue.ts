import { Prisma } from '../../../prisma/generated/client/client.ts'
import { type Catalogue, dollars, normalise } from '../src/normalise.ts'
import { parseRecords } from '../src/records.ts'
import type { Strike, Strikes } from '../src/strikes.ts'

/** Three reports: two share everything but the state of the airport, the third has quotes and no speed. */
export const CSV = `Airport Name,Aircraft Make Model,Effect Amount of damage,Flight Date,Aircraft Airline Operator,Origin State,Phase of flight,Wildlife Size,Wildlife Species,Time of day,Cost Other,Cost Repair,Cost Total $,Speed IAS in knots
MAIN ARPT,T-38A,None,1990-01-08,MILITARY,Ohio,Climb,Large,Turkey vulture,Day,0,0,0,300
MAIN ARPT,T-38A,None,1990-01-09,MILITARY,Iowa,Climb,Large,Turkey vulture,Day,12,30.5,42.5,200
"O'HARE, ""ORD""",B-737,Minor,1999-12-31,UNITED,Illinois,Approach,Small,Gull,Night,0,4175,4175,
`

export const catalogue = (): Catalogue => normalise(parseRecords(CSV))

/** The rows as Prisma would return them, kept in a map: a database that a test can make forget writes. */
export function fakeStrikes(from: Catalogue): Strikes & { readonly rows: Map<number, Strike> } {
  const rows = new Map(from.strikes.map((row) => [row.id, joined(from, row.id)]))
  return {
    rows,
    read: async (id) => rows.get(id) ?? null,
    async write(id, { repair, total }) {
      const costRepair = new Prisma.Decimal(dollars(repair))
      rows.set(id, { ...rows.get(id)!, costRepair, costTotal: new Prisma.Decimal(dollars(total)) })
    },
  }
}

function joined(from: Catalogue, id: number): Strike {
  const { repair, other, total, ...row } = from.strikes[id - 1]!
  const airport = from.airports[row.airportId - 1]!
  return {
    ...row,
    costRepair: new Prisma.Decimal(dollars(repair)),
    costOther: new Prisma.Decimal(dollars(other)),
    costTotal: new Prisma.Decimal(dollars(total)),
    airport: { ...airport, state: from.states[airport.stateId - 1]! },
    aircraft: { id: row.aircraftId, makeModel: from.aircraft[row.aircraftId - 1]!.name },
    operator: from.operators[row.operatorId - 1]!,
    damage: from.damages[row.damageId - 1]!,
    phase: from.phases[row.phaseId - 1]!,
    species: from.species[row.speciesId - 1]!,
    size: from.sizes[row.sizeId - 1]!,
    timeOfDay: from.timesOfDay[row.timeOfDayId - 1]!,
  }
}
