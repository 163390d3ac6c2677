import { memoryStore } from '@larder/core'
import { beforeEach, expect, it, vi } from 'vitest'
import type { KeptTags } from '../../src/tier/kept-tags.ts'
import { GROUP, PRIMARY, UNIQUE } from '../support/item-host.ts'
import { explore, near } from './explore.ts'
import type { Setting } from './random-history.ts'

// The checker must be able to fail: each rule of the memory tier is broken in turn, and it has to find a stale read.

const broken = vi.hoisted(() => ({ rule: '' }))

vi.mock('../../src/tier/kept-tags.ts', async (original) => {
  const real = await original<typeof import('../../src/tier/kept-tags.ts')>()
  const changed = (answer: Parameters<KeptTags['keep']>[2]): typeof answer => ({
    ...answer,
    tags: answer.tags.map((tag) => {
      return broken.rule === 'lease' && tag.lease ? { ...tag, lease: { holds: () => true } } : tag
    }),
  })
  return {
    createKeptTags: (most: number): KeptTags => {
      const tags = real.createKeptTags(most)
      return {
        ...tags,
        keep: (fetchId, requests, answer) =>
          tags.keep(broken.rule === 'placeholder' ? tags.beginFetch() : fetchId, requests, changed(answer)),
      }
    },
  }
})

vi.mock('../../src/tier/tracking-store.ts', async (original) => {
  const real = await original<typeof import('../../src/tier/tracking-store.ts')>()
  const createTrackingStore: typeof real.createTrackingStore = (store, tags, entries) => {
    const drop: KeptTags['drop'] = (names) =>
      tags.drop(broken.rule === 'learned cells' ? names?.slice(0, 1) : names)
    const following = real.createTrackingStore(store, { ...tags, drop }, entries)
    return {
      ...following,
      finish: (request) => (broken.rule === 'finish' ? store : following).finish(request),
    }
  }
  return { createTrackingStore }
})

vi.mock('../../src/tier/memory-tier.ts', async (original) => {
  const real = await original<typeof import('../../src/tier/memory-tier.ts')>()
  const createMemoryTier: typeof real.createMemoryTier = (...args) => {
    const { store, tier } = real.createMemoryTier(...args)
    return {
      store,
      tier: tier && {
        ...tier,
        changed: (names) => {
          if (broken.rule !== 'changed') tier.changed(names)
        },
      },
    }
  }
  return { createMemoryTier }
})

beforeEach(() => {
  broken.rule = ''
})

vi.setConfig({ testTimeout: 600_000 })

const ALL_KEYS = [PRIMARY, UNIQUE, GROUP]
const MOST = 8_000

// A cell is learned of by a write that knows the row by another key.
const OWN: Partial<Setting> = {
  processes: [ALL_KEYS],
  reads: ['code', 'any'],
  writes: ['oneReturning', 'any'],
}

const rules: readonly (readonly [string, string, number, Partial<Setting>])[] = [
  ['placeholder', 'with replies kept although their tags changed meanwhile,', 39, {}],
  ['learned cells', 'with own finishes that drop none of the returned cells,', 139, OWN],
  ['changed', 'with server notifications that drop nothing,', 270, {}],
  ['finish', 'with own finishes that drop nothing,', 183, OWN],
  ['lease', 'with leases that never expire,', 1_996, {}],
]

it.each(rules)('%s: %s the checker finds a stale read', async (rule, _, seed, focus) => {
  broken.rule = rule
  const result = await explore(
    near(seed),
    near(seed) + MOST,
    {
      store: () => memoryStore({ maxEntries: 100, isolated: true }),
      memory: 'push',
      timePasses: true,
      processes: [ALL_KEYS, ALL_KEYS],
      ...focus,
    },
    true,
  )
  expect(result.stale).toBe(true)
})
