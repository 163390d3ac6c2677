import { type Catalogue, dollars, type Named, type StrikeRow } from './normalise.ts'
import type { Costs, Strike } from './strikes.ts'

/** What the database must say: a second copy of the catalogue that follows every write. */
export interface Shadow {
  /** The costs of a row after they rise by `by` cents. Changes nothing. */
  raised(id: number, by: number): Costs
  /** Follows a write that succeeded. */
  wrote(id: number, costs: Costs): void
  /** Whether a read returned exactly what the row and its nine relations hold now. */
  agrees(id: number, read: Strike | null): boolean
}

export function createShadow(catalogue: Catalogue): Shadow {
  const written = new Map<number, Costs>()
  const rowOf = (id: number): StrikeRow => at(catalogue.strikes, id)
  const costsOf = (id: number): Costs => written.get(id) ?? rowOf(id)
  return {
    raised(id, by) {
      const { repair, total } = costsOf(id)
      return { repair: repair + by, total: total + by }
    },
    wrote(id, costs) {
      written.set(id, costs)
    },
    agrees(id, read) {
      if (read === null) return false
      const wanted = expected(catalogue, rowOf(id), costsOf(id))
      const found = seen(read)
      return wanted.length === found.length && wanted.every((value, index) => value === found[index])
    },
  }
}

type Value = string | number | null

function expected(catalogue: Catalogue, row: StrikeRow, costs: Costs): Value[] {
  const airport = at(catalogue.airports, row.airportId)
  return [
    row.id,
    row.date.getTime(),
    dollars(costs.repair),
    dollars(row.other),
    dollars(costs.total),
    row.speedKnots,
    airport.name,
    name(catalogue.states, airport.stateId),
    name(catalogue.aircraft, row.aircraftId),
    name(catalogue.operators, row.operatorId),
    name(catalogue.damages, row.damageId),
    name(catalogue.phases, row.phaseId),
    name(catalogue.species, row.speciesId),
    name(catalogue.sizes, row.sizeId),
    name(catalogue.timesOfDay, row.timeOfDayId),
  ]
}

/** The same values in the same order, out of what Prisma (or the cache) returned. */
function seen(read: Strike): Value[] {
  return [
    read.id,
    read.date.getTime(),
    read.costRepair.toFixed(2),
    read.costOther.toFixed(2),
    read.costTotal.toFixed(2),
    read.speedKnots,
    read.airport.name,
    read.airport.state.name,
    read.aircraft.makeModel,
    read.operator.name,
    read.damage.name,
    read.phase.name,
    read.species.name,
    read.size.name,
    read.timeOfDay.name,
  ]
}

function name(rows: readonly Named[], id: number): string {
  return at(rows, id).name
}

function at<T>(rows: readonly T[], id: number): T {
  const row = rows[id - 1]
  if (row === undefined) throw new Error(`The catalogue has no row ${id}`)
  return row
}
