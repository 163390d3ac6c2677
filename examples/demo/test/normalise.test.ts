import { expect, it } from 'vitest'
import { normalise } from '../src/normalise.ts'
import { parseRecords, readRecords } from '../src/records.ts'
import { CSV, catalogue } from './catalogue.ts'

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
  for (const row of strikes) {
    const found = [
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
    expect(found.every((each) => each !== undefined && each.name !== '')).toBe(true)
    expect(row.total).toBe(row.repair + row.other)
    expect(Number.isNaN(row.date.getTime())).toBe(false)
  }
})
