import { expect, it } from 'vitest'
import { type Catalogue, normalise } from '../../bench/strikes/normalise.ts'
import { parseRecords, readRecords } from '../../bench/strikes/records.ts'

/** Three reports: two share everything but the state of the airport, the third has quotes and no speed. */
const CSV = `Airport Name,Aircraft Make Model,Effect Amount of damage,Flight Date,Aircraft Airline Operator,Origin State,Phase of flight,Wildlife Size,Wildlife Species,Time of day,Cost Other,Cost Repair,Cost Total $,Speed IAS in knots
MAIN ARPT,T-38A,None,1990-01-08,MILITARY,Ohio,Climb,Large,Turkey vulture,Day,0,0,0,300
MAIN ARPT,T-38A,None,1990-01-09,MILITARY,Iowa,Climb,Large,Turkey vulture,Day,12,30.5,42.5,200
"O'HARE, ""ORD""",B-737,Minor,1999-12-31,UNITED,Illinois,Approach,Small,Gull,Night,0,4175,4175,
`

const catalogue = (): Catalogue => normalise(parseRecords(CSV))

it('repeated text becomes one row, numbered by first appearance', () => {
  const { aircraft, phases, states, strikes } = catalogue()
  expect(aircraft).toEqual([
    { id: 1, name: 'T-38A' },
    { id: 2, name: 'B-737' },
  ])
  expect(phases.map((each) => each.name)).toEqual(['Climb', 'Approach'])
  expect(states.map((each) => each.name)).toEqual(['Ohio', 'Iowa', 'Illinois'])
  expect(strikes.map((each) => each.aircraftId)).toEqual([1, 1, 2])
})

it('airports with the same name in two states are two airports', () => {
  expect(catalogue().airports).toEqual([
    { id: 1, name: 'MAIN ARPT', stateId: 1 },
    { id: 2, name: 'MAIN ARPT', stateId: 2 },
    { id: 3, name: 'O\'HARE, "ORD"', stateId: 3 },
  ])
})

it('dates are UTC days, money is exact cents, and a missing speed is null', () => {
  const [, second, third] = catalogue().strikes
  expect(second).toMatchObject({ repair: 3050, other: 1200, total: 4250, speedKnots: 200 })
  expect(second?.date.toISOString()).toBe('1990-01-09T00:00:00.000Z')
  expect(third).toMatchObject({ id: 3, repair: 417_500, speedKnots: null })
})

it('an invalid amount is refused by name', () => {
  expect(() => normalise(parseRecords(CSV.replace('4175,4175', '4175,a lot')))).toThrow('"a lot"')
})

it('the published file gives 10,000 strikes, each with a row in all nine other tables', async () => {
  const { strikes, airports, states, ...rest } = normalise(await readRecords())
  expect(strikes).toHaveLength(10_000)
  const wrong: number[] = []
  for (const row of strikes) {
    const related = [
      states[airports[row.airportId - 1]!.stateId - 1],
      airports[row.airportId - 1],
      rest.aircraft[row.aircraftId - 1],
      rest.operators[row.operatorId - 1],
      rest.damages[row.damageId - 1],
      rest.phases[row.phaseId - 1],
      rest.species[row.speciesId - 1],
      rest.sizes[row.sizeId - 1],
      rest.timesOfDay[row.timeOfDayId - 1],
    ]
    const whole = related.every((each) => each !== undefined && each.name !== '')
    if (!whole || row.total !== row.repair + row.other || Number.isNaN(row.date.getTime())) wrong.push(row.id)
  }
  expect(wrong).toEqual([])
})
