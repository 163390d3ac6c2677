import { type MemoryStoreOptions, memoryStore } from '@larder/core'
import type { Store } from '@larder/core/store'
import { modelStore } from '@larder/testing'
import { describe, expect, it, vi } from 'vitest'
import { GROUP, PRIMARY, UNIQUE } from '../support/item-host.ts'
import { explore } from './explore.ts'

// Seconds on a machine of its own; a busy one may take its time.
vi.setConfig({ testTimeout: 120_000 })

const ALL_KEYS = [PRIMARY, UNIQUE, GROUP]
const remote = (options?: MemoryStoreOptions) => (): Store =>
  memoryStore({ maxEntries: 100, isolated: true, ...options })

describe.each(['off', 'validate'] as const)('with the memory tier %s', (memory) => {
  it('no read of two processes is stale, in 1,000 schedules', async () => {
    const found = await explore(0, 1_000, { store: remote(), processes: [ALL_KEYS, ALL_KEYS], memory })
    expect(found.wrong).toBeUndefined()
    expect(found.hits / found.reads).toBeGreaterThan(0.08)
  })

  it('no read is stale where processes know different lookup keys, in 500 schedules', async () => {
    const processes = [ALL_KEYS, [PRIMARY], [GROUP, UNIQUE], []]
    const found = await explore(10_000, 10_500, { store: remote(), processes, memory })
    expect(found.wrong).toBeUndefined()
  })

  it('no read is stale where clean tags are evicted all the time, in 300 schedules', async () => {
    const store = remote({ maxEntries: 1 })
    const found = await explore(20_000, 20_300, { store, processes: [ALL_KEYS, [PRIMARY]], memory })
    expect(found.wrong).toBeUndefined()
  })

  it('no read of the one writing process is stale while store calls fail at random, in 300 schedules', async () => {
    const found = await explore(30_000, 30_300, {
      store: remote(),
      processes: [ALL_KEYS],
      memory,
      timePasses: true,
      faults: (scheduler) => ({ failing: () => (scheduler.random() < 0.15 ? scheduler.random() : 1) }),
    })
    expect(found.wrong).toBeUndefined()
  })

  it('no read is stale over the plainest store that keeps the contract, in 200 schedules', async () => {
    const found = await explore(40_000, 40_200, {
      store: () => modelStore(),
      processes: [ALL_KEYS, [PRIMARY]],
      memory,
    })
    expect(found.wrong).toBeUndefined()
  })
})
