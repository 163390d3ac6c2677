import { memoryStore } from '@larder/core'
import { beforeEach, expect, it, vi } from 'vitest'
import { GROUP, PRIMARY, UNIQUE } from '../support/item-host.ts'
import { explore, near } from './explore.ts'
import type { Setting } from './random-history.ts'

// The checker must be able to fail: each rule of stale serving is broken in turn, and it has to find a stale read.

const broken = vi.hoisted(() => ({ rule: '' }))

vi.mock('../../src/entry/observed-tags.ts', async (original) => {
  const real = await original<typeof import('../../src/entry/observed-tags.ts')>()
  const decideFreshness: typeof real.decideFreshness = (entry, tags, epoch) => {
    const expired = entry?.belongsToRead && entry.remaining <= 0
    return broken.rule === 'tags' && expired
      ? { kind: 'miss', reason: 'expired' }
      : real.decideFreshness(entry, tags, epoch)
  }
  return { ...real, decideFreshness }
})

vi.mock('../../src/marks/ended-writes.ts', async (original) => {
  const real = await original<typeof import('../../src/marks/ended-writes.ts')>()
  const createEndedWrites: typeof real.createEndedWrites = (now) => {
    const ended = real.createEndedWrites(now)
    return {
      ...ended,
      hasEndedSince: (...args) => broken.rule !== 'ended' && ended.hasEndedSince(...args),
    }
  }
  return { ...real, createEndedWrites }
})

vi.mock('../../src/tier/recent-results.ts', async (original) => {
  const real = await original<typeof import('../../src/tier/recent-results.ts')>()
  const createRecentResults: typeof real.createRecentResults = (clock, writes, bounds) => {
    const mayChange: typeof writes.mayChange = (tags) => broken.rule !== 'pending' && writes.mayChange(tags)
    const recents = real.createRecentResults(clock, { ...writes, mayChange }, bounds)
    return {
      ...recents,
      get: (request, maxStaleness) =>
        recents.get(request, broken.rule === 'bound' ? 1_000_000 : maxStaleness),
      put(request, result) {
        const late = { current: clock.now(), lastEnded: writes.ended.last }
        recents.put(request, broken.rule === 'begin' ? { ...result, ...late } : result)
      },
    }
  }
  return { createRecentResults }
})

vi.mock('../../src/pipeline/decide.ts', async (original) => {
  const real = await original<typeof import('../../src/pipeline/decide.ts')>()
  const depend: typeof real.depend = (deps, keyed) => {
    const dependent = real.depend(deps, keyed)
    const { bypass: _bypass, ...asking } = dependent
    return broken.rule === 'pending' ? asking : dependent
  }
  return { ...real, depend }
})

beforeEach(() => {
  broken.rule = ''
})

vi.setConfig({ testTimeout: 600_000 })

const ALL_KEYS = [PRIMARY, UNIQUE, GROUP]
const MOST = 3_000
const base: Setting = {
  store: () => memoryStore({ maxEntries: 100, isolated: true }),
  processes: [ALL_KEYS, ALL_KEYS],
  timePasses: true,
}
const accepting: Partial<Setting> = {
  policy: { ttl: '10m', jitter: 0, maxStaleness: 20 },
  staleness: 20,
}
const alone: Partial<Setting> = { ...accepting, processes: [ALL_KEYS] }

const rules: readonly (readonly [string, string, number, Partial<Setting>])[] = [
  [
    'tags',
    'with expired entries served although their tags have changed,',
    0,
    { policy: { ttl: 8, jitter: 0, staleWhileRevalidate: '1h' } },
  ],
  ['bound', 'with results accepted at any age,', 4, accepting],
  ['ended', 'with results accepted that are older than a write of the same process,', 5, alone],
  [
    'begin',
    'with the age of results counted from the end of their load,',
    14,
    { ...alone, reads: ['one'], writes: ['one'] },
  ],
  ['pending', 'with results accepted while a write of the same process is pending,', 31, alone],
]

it.each(rules)('%s: %s the checker finds a stale read', async (rule, _, seed, focus) => {
  broken.rule = rule
  const result = await explore(near(seed), near(seed) + MOST, { ...base, ...focus }, true)
  expect(result.stale).toBe(true)
})
