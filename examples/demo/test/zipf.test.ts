import { describe, expect, it } from 'vitest'
import { workload } from '../src/workload.ts'
import { seededRandom, zipf } from '../src/zipf.ts'

const OPTIONS = { rows: 200, seed: 7, skew: 1.1, writeShare: 0.1 }

function take<T>(from: Iterator<T>, many: number): T[] {
  return Array.from({ length: many }, () => from.next().value as T)
}

describe('zipf', () => {
  it('draws each rank in proportion to 1 / (rank + 1) ^ skew', () => {
    const draw = zipf(4, 1, seededRandom(1))
    const counts = [0, 0, 0, 0]
    for (let i = 0; i < 50_000; i++) counts[draw()]!++
    const whole = 1 + 1 / 2 + 1 / 3 + 1 / 4
    for (const [rank, count] of counts.entries()) {
      expect(count / 50_000).toBeCloseTo(1 / (rank + 1) / whole, 2)
    }
  })

  it('draws the first rank for 0 and the last for the largest number below 1', () => {
    expect(zipf(10, 1.1, () => 0)()).toBe(0)
    expect(zipf(10, 1.1, () => 1 - Number.EPSILON)()).toBe(9)
  })

  it('draws different numbers for a different seed, and the same for the same seed', () => {
    const [a, b, c] = [seededRandom(3), seededRandom(3), seededRandom(4)]
    const drawn = [a, b, c].map((random) => [random(), random(), random()])
    expect(drawn[0]).toEqual(drawn[1])
    expect(drawn[0]).not.toEqual(drawn[2])
  })
})

describe('workload', () => {
  it('is the same sequence for the same seed', () => {
    expect(take(workload(OPTIONS), 500)).toEqual(take(workload(OPTIONS), 500))
    expect(take(workload({ ...OPTIONS, seed: 8 }), 500)).not.toEqual(take(workload(OPTIONS), 500))
  })

  it('writes at the configured rate, by positive amounts, to rows that exist', () => {
    const operations = take(workload(OPTIONS), 20_000)
    const writes = operations.filter((each) => each.kind === 'write')
    expect(writes.length / operations.length).toBeCloseTo(0.1, 1)
    expect(writes.every((write) => Number.isInteger(write.by) && write.by > 0)).toBe(true)
    expect(operations.every(({ id }) => Number.isInteger(id) && id >= 1 && id <= 200)).toBe(true)
  })

  it('reads a tenth of the rows more often than all others together', () => {
    const counts = new Map<number, number>()
    for (const { id } of take(workload(OPTIONS), 20_000)) counts.set(id, (counts.get(id) ?? 0) + 1)
    const hottest = [...counts.values()].sort((a, b) => b - a).slice(0, 20)
    expect(hottest.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(10_000)
  })
})
