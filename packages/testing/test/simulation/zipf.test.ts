import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/simulation/scheduler.ts'
import { zipf } from '../../src/simulation/zipf.ts'

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
})
