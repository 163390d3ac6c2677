import type { StrikeRecord } from './records.ts'

export interface Named {
  readonly id: number
  readonly name: string
}

export interface AirportRow extends Named {
  readonly stateId: number
}

/** Money is in cents here: sums of whole numbers are exact. */
export interface StrikeRow {
  readonly id: number
  readonly date: Date
  readonly repair: number
  readonly other: number
  readonly total: number
  readonly speedKnots: number | null
  readonly airportId: number
  readonly aircraftId: number
  readonly operatorId: number
  readonly damageId: number
  readonly phaseId: number
  readonly speciesId: number
  readonly sizeId: number
  readonly timeOfDayId: number
}

/** Ten related tables. The ids of each run from 1 without gaps, in order of first appearance. */
export interface Catalogue {
  readonly states: readonly Named[]
  readonly airports: readonly AirportRow[]
  readonly aircraft: readonly Named[]
  readonly operators: readonly Named[]
  readonly damages: readonly Named[]
  readonly phases: readonly Named[]
  readonly species: readonly Named[]
  readonly sizes: readonly Named[]
  readonly timesOfDay: readonly Named[]
  readonly strikes: readonly StrikeRow[]
}

/** Takes the flat file apart: every text that repeats becomes a row of its own table. */
export function normalise(records: readonly StrikeRecord[]): Catalogue {
  const states = numbered()
  const airports = numbered()
  const aircraft = numbered()
  const operators = numbered()
  const damages = numbered()
  const phases = numbered()
  const species = numbered()
  const sizes = numbered()
  const timesOfDay = numbered()
  const airportRows: AirportRow[] = []

  const strikes = records.map((record, index): StrikeRow => {
    const stateId = states.idOf(record['Origin State'])
    // Two states may each have an airport of that name.
    const airportId = airports.idOf(`${stateId} ${record['Airport Name']}`)
    airportRows[airportId - 1] ??= { id: airportId, name: record['Airport Name'], stateId }
    return {
      id: index + 1,
      date: new Date(`${record['Flight Date']}T00:00:00Z`),
      repair: cents(record['Cost Repair']),
      other: cents(record['Cost Other']),
      total: cents(record['Cost Total $']),
      speedKnots: record['Speed IAS in knots'] === '' ? null : Number(record['Speed IAS in knots']),
      airportId,
      aircraftId: aircraft.idOf(record['Aircraft Make Model']),
      operatorId: operators.idOf(record['Aircraft Airline Operator']),
      damageId: damages.idOf(record['Effect Amount of damage']),
      phaseId: phases.idOf(record['Phase of flight']),
      speciesId: species.idOf(record['Wildlife Species']),
      sizeId: sizes.idOf(record['Wildlife Size']),
      timeOfDayId: timesOfDay.idOf(record['Time of day']),
    }
  })

  return {
    states: states.rows,
    airports: airportRows,
    aircraft: aircraft.rows,
    operators: operators.rows,
    damages: damages.rows,
    phases: phases.rows,
    species: species.rows,
    sizes: sizes.rows,
    timesOfDay: timesOfDay.rows,
    strikes,
  }
}

function numbered(): { readonly rows: Named[]; idOf(name: string): number } {
  const ids = new Map<string, number>()
  const rows: Named[] = []
  return {
    rows,
    idOf(name) {
      const known = ids.get(name)
      if (known !== undefined) return known
      const id = rows.length + 1
      ids.set(name, id)
      rows.push({ id, name })
      return id
    },
  }
}

function cents(dollars: string): number {
  const value = Math.round(Number(dollars) * 100)
  if (!Number.isSafeInteger(value)) throw new Error(`Not an amount of dollars: ${JSON.stringify(dollars)}`)
  return value
}

/** 417500 → `'4175.00'`, as the database wants it. */
export function dollars(amount: number): string {
  return (amount / 100).toFixed(2)
}
