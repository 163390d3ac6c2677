import { memoryStore } from '@larder/core'
import { sized } from '@larder/testing'
import { expect, it, vi } from 'vitest'
import { GROUP, PRIMARY, UNIQUE } from '../support/item-host.ts'
import { explore } from './explore.ts'

// Seconds on a machine of its own; a busy one may take its time.
vi.setConfig({ testTimeout: 600_000 })

const ALL_KEYS = [PRIMARY, UNIQUE, GROUP]
const push = {
  store: () => memoryStore({ maxEntries: 100, isolated: true }),
  memory: 'push',
  timePasses: true,
} as const

it('with `push`, a process sees its own writes immediately and those of others within the bound', async () => {
  const result = await explore(50_000, 50_000 + sized(20, 800), { ...push, processes: [ALL_KEYS, ALL_KEYS] })
  expect(result.wrong).toBeUndefined()
  expect(result.hits / result.reads).toBeGreaterThan(0.08)
})
