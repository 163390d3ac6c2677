import { type MemoryStoreOptions, memoryStore } from '@larder/core'
import type { Store } from '@larder/core/store'
import { modelStore, sized } from '@larder/testing'
import { describe, expect, it, vi } from 'vitest'
import { GROUP, PRIMARY, UNIQUE } from '../support/item-host.ts'
import { explore } from './explore.ts'

// Seconds on a machine of its own; a busy one may take its time.
vi.setConfig({ testTimeout: 600_000 })

/** Schedules by their seeds, of which a short run takes a fiftieth and a long one twice as many. */
const schedules = (from: number, usual: number): readonly [from: number, to: number] => [
  from,
  from + sized(Math.ceil(usual / 50), 2 * usual),
]

const ALL_KEYS = [PRIMARY, UNIQUE, GROUP]
const remote = (options?: MemoryStoreOptions) => (): Store =>
  memoryStore({ maxEntries: 100, isolated: true, ...options })

describe.each(['off', 'validate'] as const)('with the memory tier %s', (memory) => {
  it('no read of two processes is stale', async () => {
    const result = await explore(...schedules(0, 1_000), {
      store: remote(),
      processes: [ALL_KEYS, ALL_KEYS],
      memory,
    })
    expect(result.wrong).toBeUndefined()
    expect(result.hits / result.reads).toBeGreaterThan(0.08)
  })

  it('no read is stale where processes declare different lookup keys', async () => {
    const processes = [ALL_KEYS, [PRIMARY], [GROUP, UNIQUE], []]
    const result = await explore(...schedules(10_000, 500), { store: remote(), processes, memory })
    expect(result.wrong).toBeUndefined()
  })

  it('no read is stale where clean tags are evicted all the time', async () => {
    const store = remote({ maxEntries: 1 })
    const result = await explore(...schedules(20_000, 300), {
      store,
      processes: [ALL_KEYS, [PRIMARY]],
      memory,
    })
    expect(result.wrong).toBeUndefined()
  })

  it('no read of the only writing process is stale while store calls fail at random', async () => {
    const result = await explore(...schedules(30_000, 300), {
      store: remote(),
      processes: [ALL_KEYS],
      memory,
      timePasses: true,
      faults: (scheduler) => ({ failing: () => (scheduler.random() < 0.15 ? scheduler.random() : 1) }),
    })
    expect(result.wrong).toBeUndefined()
  })

  it('no read is stale over a store that implements only the required part of the contract', async () => {
    const result = await explore(...schedules(40_000, 200), {
      store: () => modelStore(),
      processes: [ALL_KEYS, [PRIMARY]],
      memory,
    })
    expect(result.wrong).toBeUndefined()
  })
})
