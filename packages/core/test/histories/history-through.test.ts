import { memoryStore } from '@larder/core'
import { modelStore, type Scheduler, sized } from '@larder/testing'
import { describe, expect, it, vi } from 'vitest'
import { GROUP, PRIMARY, UNIQUE } from '../support/item-host.ts'
import { explore } from './explore.ts'
import { runSchedule, type Setting } from './random-history.ts'

// As history.test.ts, with every row that is written stored. When all is over, what is still served is looked at, too.

vi.setConfig({ testTimeout: 600_000 })

/** Schedules by their seeds, of which a short run takes a sixtieth and a long one twice as many. */
const schedules = (from: number, usual: number): readonly [from: number, to: number] => [
  from,
  from + sized(Math.ceil(usual / 60), 2 * usual),
]

const ALL_KEYS = [PRIMARY, UNIQUE, GROUP]
const through: Setting = {
  store: () => memoryStore({ maxEntries: 100, isolated: true }),
  processes: [ALL_KEYS, ALL_KEYS],
  through: true,
}

describe.each(['off', 'validate', 'push'] as const)(
  'with rows written through and the memory tier %s',
  (memory) => {
    it('no read of two processes is stale', async () => {
      const timePasses = memory === 'push'
      const result = await explore(...schedules(60_000, 500), { ...through, memory, timePasses })
      expect(result.wrong).toBeUndefined()
    })
  },
)

it('no read of one row is stale while both processes write it', async () => {
  const result = await explore(...schedules(70_000, 1_000), {
    ...through,
    reads: ['one', 'code'],
    writes: ['oneReturning', 'code', 'move', 'insert'],
  })
  expect(result.wrong).toBeUndefined()
})

it('written rows are hits: more reads hit than without write-through', async () => {
  const focus = { ...through, processes: [ALL_KEYS], reads: ['one'], writes: ['oneReturning'] } as const
  const rate = async (setting: Setting) => {
    const { hits, reads } = await explore(0, sized(40, 400), setting)
    return hits / reads
  }
  expect(await rate(focus)).toBeGreaterThan(1.05 * (await rate({ ...focus, through: false })))
})

it.each([
  ['processes declare different lookup keys', { processes: [ALL_KEYS, [PRIMARY], [GROUP, UNIQUE], []] }],
  ['clean tags are evicted all the time', { store: () => memoryStore({ maxEntries: 1, isolated: true }) }],
  ['the store implements only the required part of the contract', { store: () => modelStore() }],
] as const)('with rows written through, no read is stale where %s', async (_, more) => {
  const result = await explore(...schedules(80_000, 300), { ...through, ...more })
  expect(result.wrong).toBeUndefined()
})

it('with rows written through, no read of the only writing process is stale while store calls fail at random', async () => {
  const result = await explore(...schedules(90_000, 300), {
    ...through,
    processes: [ALL_KEYS],
    timePasses: true,
    faults: (scheduler) => ({ failing: () => (scheduler.random() < 0.15 ? scheduler.random() : 1) }),
  })
  expect(result.wrong).toBeUndefined()
})

it('with rows written through, no row outlives the write that changed it, although marks expire while writes are pending', async () => {
  const faults = (scheduler: Scheduler) => ({ expiring: () => scheduler.random() < 0.3 })
  const [from, to] = schedules(0, 1_000)
  for (let seed = from; seed < to; seed++) {
    const { surviving, log } = await runSchedule(seed, {
      ...through,
      faults,
      reads: ['one', 'code'],
      writes: ['oneReturning', 'code', 'raw'],
    })
    if (surviving.length) expect(`seed ${seed}\n${[...surviving, ...log].join('\n')}`).toBe('')
  }
})
