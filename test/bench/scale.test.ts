import { expect, it } from 'vitest'
import type { Fleet } from '../../bench/scale/fleet.ts'
import { simulate } from '../../bench/scale/simulation.ts'
import type { UnitCosts } from '../../bench/scale/unit-costs.ts'

const cost = (fixed: number, each: number) => ({ fixed, each })

const COSTS: UnitCosts = {
  validate: cost(8_000, 1_000),
  fetch: cost(8_000, 2_000),
  get: cost(7_000, 1_000),
  set: cost(7_000, 1_000),
  seed: cost(8_000, 20_000),
  write: cost(16_000, 40_000),
  notify: 5_000,
  client: { off: cost(20_000, 5_000), validate: cost(20_000, 5_000), push: cost(0, 3_000) },
}

const FLEET: Fleet = {
  processes: 4,
  shards: 1,
  tables: 2,
  rows: 100,
  reads: 500,
  writes: 0,
  together: 1,
  lists: 0.1,
  mode: 'validate',
  maxStaleness: 0,
  query: 5,
}

const run = (variant: Partial<Fleet>) => simulate({ ...FLEET, ...variant }, COSTS)

it('a fleet without writes loads nothing, because its store has had every entry for long', () => {
  expect(run({})).toMatchObject({ hits: 1, loads: 0, asks: 1 })
})

it('the busy share of a shard is the cost of what it is asked', () => {
  // 4 × 500 hits a second, each of which compares versions.
  expect(run({}).busiest).toBeCloseTo((2_000 * 9_000) / 1e9, 2)
})

it('an entry on another shard costs a packet of its own', () => {
  const sum = ({ mean }: { mean: number }, shards: number): number => mean * shards
  const [one, many] = [run({ mode: 'off' }), run({ mode: 'off', shards: 50 })]
  expect(sum(one, 1)).toBeCloseTo((2_000 * 10_000) / 1e9, 2)
  // Versions 9 µs and entry 8 µs, except where both are on one shard.
  expect(sum(many, 50)).toBeCloseTo((2_000 * 17_000) / 1e9, 2)
})

it('requests that share packets need fewer packets’ worth of the server', () => {
  expect(run({ together: 4 }).busiest).toBeCloseTo((2_000 * 3_000) / 1e9, 2)
})

it("maxStaleness: '100ms' lets a process ask 10 to 20 times a second for a key that is read often", () => {
  const { asks } = run({ processes: 1, tables: 1, rows: 1, lists: 1, reads: 3_000, maxStaleness: 100 })
  expect(asks * 3_000).toBeGreaterThan(10)
  expect(asks * 3_000).toBeLessThan(20)
})

it('hits of push ask nothing without writes', () => {
  const { asks, busiest } = run({ mode: 'push' })
  expect(asks).toBeLessThan(0.01)
  expect(busiest).toBeLessThan(0.001)
})

it('with push, a write to any row of a table makes every process ask once before it reads that table again', () => {
  // Few reads and many writes: the record has nearly always changed since the last read.
  expect(
    run({ mode: 'push', reads: 20, writes: 200, tables: 1, rows: 5_000, lists: 0 }).asks,
  ).toBeGreaterThan(0.95)
})

it('with push, the server notifies all processes of every write', () => {
  const writes = { reads: 1, writes: 100 } as const
  const [validate, push] = [run(writes), run({ ...writes, mode: 'push' })]
  // 4 × 100 writes a second, of each of which 4 processes are notified.
  expect(push.busiest - validate.busiest).toBeCloseTo((400 * 4 * 5_000) / 1e9, 2)
})
