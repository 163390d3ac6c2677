import { memoryStore } from '@larder/core'
import { sized } from '@larder/testing'
import { describe, expect, it, vi } from 'vitest'
import { GROUP, PRIMARY, UNIQUE } from '../support/item-host.ts'
import { explore } from './explore.ts'
import type { Setting } from './random-history.ts'

// Reads under policies that serve expired, refreshed or unchecked results, among strict ones.

vi.setConfig({ testTimeout: 600_000 })

const ALL_KEYS = [PRIMARY, UNIQUE, GROUP]
const SCHEDULES = sized(15, 1_500)
const BOUND = 20
const base: Setting = {
  store: () => memoryStore({ maxEntries: 100, isolated: true }),
  processes: [ALL_KEYS, ALL_KEYS],
  timePasses: true,
}

describe.each(['off', 'validate'] as const)('with the memory tier %s', (memory) => {
  it('expired entries that are served and refreshed are never older than a write', async () => {
    const policy = { ttl: 2, jitter: 0, staleWhileRevalidate: '1h' } as const
    const result = await explore(60_000, 60_000 + 4 * SCHEDULES, { ...base, memory, policy })
    expect(result.wrong).toBeUndefined()
    expect(result.expired).toBeGreaterThan(0)
  })

  it('entries that are refreshed ahead are never stale', async () => {
    const policy = { ttl: 40, jitter: 0, refreshAhead: 3 } as const
    const result = await explore(70_000, 70_000 + SCHEDULES, { ...base, memory, policy })
    expect(result.wrong).toBeUndefined()
    expect(result.hits / result.reads).toBeGreaterThan(0.05)
  })

  it('results within maxStaleness are no older than it, and a process sees its own writes immediately', async () => {
    const policy = { ttl: '10m', jitter: 0, maxStaleness: BOUND } as const
    const setting = { ...base, memory, policy, staleness: BOUND }
    const result = await explore(80_000, 80_000 + SCHEDULES, setting)
    expect(result.wrong).toBeUndefined()
    expect(result.hits / result.reads).toBeGreaterThan(0.08)
  })
})

it('results within maxStaleness are no older than it while store calls fail at random', async () => {
  const result = await explore(90_000, 90_000 + SCHEDULES, {
    ...base,
    processes: [ALL_KEYS],
    policy: { ttl: '10m', jitter: 0, maxStaleness: BOUND },
    staleness: BOUND,
    faults: (scheduler) => ({ failing: () => (scheduler.random() < 0.15 ? scheduler.random() : 1) }),
  })
  expect(result.wrong).toBeUndefined()
})
