import { describe, expect, it } from 'vitest'
import { createNeverHits, type ShapedRead } from '../../src/report/never-hits.ts'
import { readPlan, reads } from '../support/item-host.ts'
import { simulatedProcess } from '../support/simulated-process.ts'

const prisma = (where: object): ShapedRead => ({
  operation: 'Event.findMany',
  model: 'Event',
  query: { args: { where, take: 10 }, dataPath: undefined },
})

function watched() {
  const warnings: string[] = []
  const neverHits = createNeverHits({
    emit: (_name, event) => void warnings.push((event as { message: string }).message),
  })
  let keys = 0
  return {
    warnings,
    neverHits,
    /** Loads that are stored under a new key each. */
    load(times: number, read: (at: number) => ShapedRead): void {
      for (let at = 0; at < times; at++) neverHits.stored(`key ${keys++}`, read(at))
    },
  }
}

describe('a query shape whose results are stored each time and never used', () => {
  it('gives one warning that names the argument that is a point in time', () => {
    const { load, warnings } = watched()
    const read = (at: number) => prisma({ endsAt: { lte: new Date(at) } })
    load(199, read)
    expect(warnings).toEqual([])
    load(1_000, read)
    expect(warnings).toEqual([
      expect.stringMatching(/^Event\.findMany was stored 200 times .*: where\.endsAt\.lte is a moment/),
    ])
  })

  it('gives one warning if a driver has turned the point in time into text', () => {
    const { load, warnings } = watched()
    load(200, (at) => ({
      operation: 'events.select',
      model: 'events',
      as: 'select 1',
      query: [5, new Date(at).toISOString()],
    }))
    expect(warnings).toEqual([expect.stringContaining('[1] is a moment')])
  })

  it('gives the warning later if no argument is a point in time', () => {
    const { load, warnings } = watched()
    load(999, (at) => prisma({ id: at }))
    expect(warnings).toEqual([])
    load(1, (at) => prisma({ id: -at }))
    expect(warnings).toEqual([expect.stringContaining('was stored 1000 times')])
  })

  it('is distinguished from other shapes, and lists of any length are one shape', () => {
    const { load, warnings } = watched()
    load(150, (at) => prisma({ endsAt: { lte: new Date(at) } }))
    load(150, (at) => prisma({ startsAt: { lte: new Date(at) } }))
    expect(warnings).toEqual([])
    load(1_000, (at) => prisma({ id: { in: Array.from({ length: at % 7 }, () => at) }, text: 'a' }))
    expect(warnings).toHaveLength(0)
    load(400, (at) => prisma({ id: { in: [at] }, text: 'b' }))
    expect(warnings).toHaveLength(1)
  })
})

describe('no never-hits warning is given', () => {
  it('for a shape whose results are used now and then', () => {
    const { load, warnings, neverHits } = watched()
    for (let round = 0; round < 10; round++) {
      load(100, (at) => prisma({ endsAt: { lte: new Date(at) }, id: round }))
      for (let at = 0; at < 10; at++) neverHits.used(`key ${round * 100 + at + 90}`)
    }
    expect(warnings).toEqual([])
  })

  it('for one read that is loaded again after each write', () => {
    const { warnings, neverHits } = watched()
    for (let at = 0; at < 5_000; at++) neverHits.stored('one key', prisma({ endsAt: { lte: new Date(0) } }))
    expect(warnings).toEqual([])
  })
})

it('values of any type, including circular ones, have a finite shape', () => {
  const { load, warnings } = watched()
  const ring: Record<string, unknown> = {}
  ring.ring = ring
  load(10, () => prisma(ring))
  load(10, () => prisma({ many: Array.from({ length: 100_000 }, (_, at) => ({ at })) }))
  load(10, () => prisma({ a: null, b: undefined, c: 1n, d: Symbol('d'), e: new Map(), f: /x/ }))
  expect(warnings).toEqual([])
})

it('a client that never hits emits one warning event, and one that hits emits none', async () => {
  const { get, cache } = simulatedProcess()
  const codes: string[] = []
  cache.on('warning', ({ code }) => codes.push(code))
  const { query, occurrences } = reads.byId(1)
  for (let at = 0; at < 300; at++) {
    await get({ name: 'item.list', query, occurrences }, { query: { until: new Date(at) } })
    await get(reads.byId(1))
  }
  expect(cache.stats().hits).toBe(299)
  expect(codes).toEqual(['never-hits'])
})

it('reads of cache.warm give no never-hits warning, because their results are not requested yet', async () => {
  const here = simulatedProcess()
  const codes: string[] = []
  here.cache.on('warning', ({ code }) => codes.push(code))
  const { query, occurrences } = reads.byId(1)
  const shape = { name: 'item.list', query, occurrences }
  const read = (at: number) => () =>
    here.engine.read(
      readPlan(here.engine, shape, here.database.read, { query: { until: new Date(at) } } as never),
    )
  const { loaded } = await here.cache.warm(Array.from({ length: 300 }, (_, at) => read(at)))
  expect(loaded).toBe(300)
  expect(codes).toEqual([])
  for (let at = 300; at < 600; at++) await read(at)()
  expect(codes).toEqual(['never-hits'])
})
