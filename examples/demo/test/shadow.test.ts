import { describe, expect, it } from 'vitest'
import { Prisma } from '../../../prisma/generated/client/client.ts'
import { runLoad } from '../src/load.ts'
import { createShadow } from '../src/shadow.ts'
import type { Strike, Strikes } from '../src/strikes.ts'
import { workload } from '../src/workload.ts'
import { catalogue, fakeStrikes } from './catalogue.ts'

describe('the shadow of the catalogue', () => {
  it('agrees with the catalogue, and after a write with the written row', async () => {
    const shadow = createShadow(catalogue())
    const strikes = fakeStrikes(catalogue())
    for (const id of [1, 2, 3]) expect(shadow.agrees(id, await strikes.read(id))).toBe(true)

    const before = await strikes.read(2)
    const costs = shadow.raised(2, 100)
    expect(costs).toEqual({ repair: 3150, total: 4350 })
    expect(shadow.agrees(2, before)).toBe(true)
    await strikes.write(2, costs)
    shadow.wrote(2, costs)
    expect(shadow.agrees(2, await strikes.read(2))).toBe(true)
    expect(shadow.agrees(2, before)).toBe(false)
  })

  it('does not agree with a missing row or with the row of another id', async () => {
    const shadow = createShadow(catalogue())
    expect(shadow.agrees(1, null)).toBe(false)
    expect(shadow.agrees(1, await fakeStrikes(catalogue()).read(2))).toBe(false)
  })

  const changes: readonly [string, (row: Strike) => Strike][] = [
    ['date', (row) => ({ ...row, date: new Date(0) })],
    ['cost of repair', (row) => ({ ...row, costRepair: new Prisma.Decimal('30.51') })],
    ['other cost', (row) => ({ ...row, costOther: new Prisma.Decimal(1) })],
    ['total cost', (row) => ({ ...row, costTotal: new Prisma.Decimal(1) })],
    ['speed', (row) => ({ ...row, speedKnots: null })],
    ['airport', (row) => ({ ...row, airport: { ...row.airport, name: '?' } })],
    ['state', (row) => ({ ...row, airport: { ...row.airport, state: { id: 1, name: '?' } } })],
    ['aircraft', (row) => ({ ...row, aircraft: { id: 1, makeModel: '?' } })],
    ['operator', (row) => ({ ...row, operator: { id: 1, name: '?' } })],
    ['damage', (row) => ({ ...row, damage: { id: 1, name: '?' } })],
    ['phase', (row) => ({ ...row, phase: { id: 1, name: '?' } })],
    ['species', (row) => ({ ...row, species: { id: 1, name: '?' } })],
    ['size', (row) => ({ ...row, size: { id: 1, name: '?' } })],
    ['time of day', (row) => ({ ...row, timeOfDay: { id: 1, name: '?' } })],
  ]
  it.each(changes)('detects a wrong %s', async (_, change) => {
    const row = (await fakeStrikes(catalogue()).read(2))!
    expect(createShadow(catalogue()).agrees(2, change(row))).toBe(false)
  })
})

describe('a load', () => {
  const load = (strikes: Strikes, most = 400): ReturnType<typeof runLoad> =>
    runLoad({
      strikes,
      operations: workload({ rows: 3, seed: 5, skew: 1, writeShare: 0.2 }),
      shadow: createShadow(catalogue()),
      statements: () => 0,
      most,
      limit: 60_000,
      signal: new AbortController().signal,
    })

  it('finds no stale read if there is none', async () => {
    const measured = await load(fakeStrikes(catalogue()))
    expect(measured.stale).toBe(0)
    expect(measured.reads + measured.writes).toBe(400)
    expect(measured.writes).toBeGreaterThan(40)
  })

  it('counts exactly the stale reads of a cache that skips every third invalidation', async () => {
    const honest = fakeStrikes(catalogue())
    const kept = new Map<number, Strike | null>()
    let writes = 0
    let wrong = 0
    const forgetful: Strikes = {
      async read(id) {
        if (!kept.has(id)) kept.set(id, await honest.read(id))
        if (kept.get(id) !== (await honest.read(id))) wrong++
        return kept.get(id) ?? null
      },
      async write(id, costs) {
        await honest.write(id, costs)
        writes++
        if (writes % 3 !== 0) kept.delete(id)
      },
    }
    const { stale } = await load(forgetful)
    expect(wrong).toBeGreaterThan(0)
    expect(stale).toBe(wrong)
  })

  it('ends with its results so far if its signal is aborted', async () => {
    const stop = new AbortController()
    const strikes = fakeStrikes(catalogue())
    let reads = 0
    const measured = await runLoad({
      strikes: {
        ...strikes,
        read: async (id) => {
          if (++reads === 25) stop.abort()
          return strikes.read(id)
        },
      },
      operations: workload({ rows: 3, seed: 5, skew: 1, writeShare: 0 }),
      shadow: createShadow(catalogue()),
      statements: () => 0,
      most: Number.POSITIVE_INFINITY,
      limit: 60_000,
      signal: stop.signal,
    })
    expect(measured.reads).toBe(25)
  })
})
