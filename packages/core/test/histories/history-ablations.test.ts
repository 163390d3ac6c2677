import { memoryStore } from '@larder/core'
import type { Clock } from '@larder/core/host'
import { type Ablation, modelStore, type Scheduler, sweep } from '@larder/testing'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { GROUP, PRIMARY, UNIQUE } from '../support/item-host.ts'
import { explore, near } from './explore.ts'
import type { Setting } from './random-history.ts'

// The checker must be able to fail: each rule of the protocol is broken in turn, and it has to find a stale read.

const broken = vi.hoisted(() => ({
  flights: false,
  generations: false,
  unfinished: false,
  freshness: false,
  cover: false,
}))

vi.mock('../../src/sharing/single-flight.ts', async (original) => {
  const real = await original<typeof import('../../src/sharing/single-flight.ts')>()
  return {
    createSingleFlight: <T>(clock: Clock) => {
      const flights = real.createSingleFlight<T>(clock)
      const nameOf = (name: string): string => (broken.flights ? (name.split(' ')[0] ?? name) : name)
      return {
        share: (name: string, load: () => Promise<T>, patience: number) =>
          flights.share(nameOf(name), load, patience),
      }
    },
  }
})

vi.mock('../../src/sharing/generation-flight.ts', async (original) => {
  const real = await original<typeof import('../../src/sharing/generation-flight.ts')>()
  const createGenerationFlight = <T>(clock: Clock): ReturnType<typeof real.createGenerationFlight<T>> => {
    const generations = real.createGenerationFlight<T>(clock)
    // Whoever comes joins what runs, whenever that began.
    const running = new Map<string, Promise<T>>()
    return {
      async share(name, load, ...rest) {
        if (!broken.generations) return generations.share(name, load, ...rest)
        const runningLoad = running.get(name)
        if (runningLoad) return { other: await runningLoad.catch(() => undefined) }
        const ownLoad = load(1, () => {})
        running.set(name, ownLoad)
        return { own: await ownLoad.finally(() => running.delete(name)) }
      },
    }
  }
  return { createGenerationFlight }
})

vi.mock('../../src/marks/pending-writes.ts', async (original) => {
  const real = await original<typeof import('../../src/marks/pending-writes.ts')>()
  return {
    ...real,
    createPendingWrites: () => {
      const pendingWrites = real.createPendingWrites()
      return {
        ...pendingWrites,
        mustBypass: (...args: Parameters<typeof pendingWrites.mustBypass>) =>
          !broken.unfinished && pendingWrites.mustBypass(...args),
        isWriting: (record: string) => !broken.unfinished && pendingWrites.isWriting(record),
      }
    },
  }
})

vi.mock('../../src/entry/observed-tags.ts', async (original) => {
  const real = await original<typeof import('../../src/entry/observed-tags.ts')>()
  const decideFreshness: typeof real.decideFreshness = (entry, tags, epoch) =>
    real.decideFreshness(
      entry,
      broken.freshness ? tags.map((tag) => ({ ...tag, dirty: false })) : tags,
      epoch,
    )
  return { ...real, decideFreshness }
})

vi.mock('../../src/entry/recorded-tags.ts', async (original) => {
  const real = await original<typeof import('../../src/entry/recorded-tags.ts')>()
  const { observeTags } = await import('../../src/entry/observed-tags.ts')
  const confirmTags: typeof real.confirmTags = (recorded, observation) => {
    const { tags, after, writing } = observation
    return real.confirmTags(
      recorded,
      broken.cover ? { ...observation, before: observeTags(tags, after, writing) } : observation,
    )
  }
  return { ...real, confirmTags }
})

beforeEach(() => {
  for (const name of Object.keys(broken) as (keyof typeof broken)[]) broken[name] = false
})

vi.setConfig({ testTimeout: 600_000 })

const ALL_KEYS = [PRIMARY, UNIQUE, GROUP]
const MOST = 3_000
const remote = () => memoryStore({ maxEntries: 100, isolated: true })

const rules: readonly (readonly [Ablation, string, number, Partial<Setting>])[] = [
  ['no-marks', 'without marks,', 0, {}],
  ['no-bumps', 'with finishes that keep the old nonces,', 0, {}],
  [
    'born-clean',
    'with fields that are clean when they are created,',
    38,
    { processes: [ALL_KEYS, []], reads: ['one'], writes: ['one'] },
  ],
  ['unknown-skipped', 'with marks and finishes that skip unknown fields,', 11, {}],
  [
    'record-first',
    'with a record that is clean before its cells are invalidated,',
    11,
    { processes: [ALL_KEYS, ALL_KEYS], reads: ['group'], writes: ['oneReturning'] },
  ],
]

// The races between processes that the other rules are there for are shorter than the bound `push` is measured by.
const SEEN_WITH_PUSH: readonly string[] = ['no-bumps']

describe.each(sweep(['validate', 'push', 'off'] as const, 1))('with the memory tier %s', (memory) => {
  const races = memory !== 'push'

  it.each(rules.filter(([rule]) => races || SEEN_WITH_PUSH.includes(rule)))(
    '%s: %s the checker finds a stale read',
    async (ablation, _, seed, focus) => {
      const store = (scheduler: Scheduler) => modelStore(ablation, scheduler.step)
      const result = await explore(
        near(seed),
        near(seed) + MOST,
        { store, processes: [ALL_KEYS, [PRIMARY]], memory, ...focus },
        true,
      )
      expect(result.stale).toBe(true)
    },
  )

  if (races)
    it('with cells read before their record, the checker finds a stale read', async () => {
      const result = await explore(
        near(166),
        near(166) + MOST,
        {
          store: remote,
          memory,
          processes: [ALL_KEYS, ALL_KEYS],
          reads: ['group'],
          writes: ['oneReturning'],
          faults: () => ({ cellsFirst: true }),
        },
        true,
      )
      expect(result.stale).toBe(true)
    })

  if (races)
    it('with result dependencies that are not covered from the load to their seeding, the checker finds a stale read', async () => {
      broken.cover = true
      const result = await explore(
        near(1),
        near(1) + MOST,
        { store: remote, processes: [ALL_KEYS, ALL_KEYS], memory, reads: ['withNote'], writes: ['note'] },
        true,
      )
      expect(result.stale).toBe(true)
    })

  it('with loads shared by the query alone, the checker finds a stale read', async () => {
    broken.flights = true
    const result = await explore(
      near(14),
      near(14) + MOST,
      { store: remote, processes: [ALL_KEYS], memory },
      true,
    )
    expect(result.stale).toBe(true)
  })

  it('with reads of dirty tags that join loads begun before them, the checker finds a stale read', async () => {
    broken.generations = true
    const result = await explore(
      near(13),
      near(13) + MOST,
      { store: remote, processes: [ALL_KEYS], memory },
      true,
    )
    expect(result.stale).toBe(true)
  })

  if (races)
    it('with entries served while their tags are dirty, the checker finds a stale read', async () => {
      broken.freshness = true
      const result = await explore(
        near(10),
        near(10) + MOST,
        { store: remote, processes: [ALL_KEYS, ALL_KEYS], memory },
        true,
      )
      expect(result.stale).toBe(true)
    })

  it('without a record of pending writes and with failing store calls, the checker finds a stale read', async () => {
    broken.unfinished = true
    const result = await explore(
      near(221),
      near(221) + MOST,
      {
        store: remote,
        memory,
        processes: [ALL_KEYS],
        reads: ['one', 'group'],
        writes: ['one', 'all'],
        timePasses: true,
        faults: (scheduler) => ({ failing: () => (scheduler.random() < 0.15 ? scheduler.random() : 1) }),
      },
      true,
    )
    expect(result.stale).toBe(true)
  })
})
