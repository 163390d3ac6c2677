import type { LoadLeases } from '@larder/core/store'
import { settled } from '@larder/testing'
import { expect, it, vi } from 'vitest'
import { readPlan, reads } from '../support/item-host.ts'
import { simulatedProcess } from '../support/simulated-process.ts'
import { remote } from '../tier/remote.ts'

/** A process whose calls of `set` are noted when they are sent to the store. */
function noted() {
  const sent: string[] = []
  const here = remote({
    memory: { mode: 'off' },
    through: (store) => ({
      ...store,
      set(...args) {
        sent.push('set')
        return store.set(...args)
      },
    }),
  })
  const read = (id: number) => here.engine.read(readPlan(here.engine, reads.byId(id), here.database.read))
  return { ...here, sent, read }
}

it('a caller has the result before its entry is stored; who asks for it next finds the entry', async () => {
  const { read, sent, cache } = noted()
  expect(await read(1)).toMatchObject({ id: 1 })
  expect(sent).toEqual([])
  expect(await read(1)).toMatchObject({ id: 1 })
  expect(sent).toEqual(['set'])
  expect(cache.stats()).toMatchObject({ reads: 2, hits: 1, misses: 1 })
})

it('what the caller does to its result does not change the entry', async () => {
  const { read } = noted()
  Object.assign((await read(1)) as object, { v: -1 })
  await settled()
  expect(await read(1)).toMatchObject({ id: 1, v: 1 })
})

it('a program that never waits for anything does not collect entries without end', async () => {
  const { engine, database, sent } = noted()
  for (let index = 0; index < 250; index++)
    await engine.read(readPlan(engine, { ...reads.byId(1), name: `query ${index}` }, database.read))
  expect(sent.length).toBeGreaterThanOrEqual(150)
  await settled()
  expect(sent).toHaveLength(250)
})

it('closing waits for entries that callers did not wait for', async () => {
  const { read, cache, sent } = noted()
  await read(2)
  await cache.close()
  expect(sent).toEqual(['set'])
})

it('reads and close do not wait for timers that a test mocks', async () => {
  const { read, cache, sent } = noted()
  vi.useFakeTimers()
  try {
    await read(1)
    await read(1)
    await cache.close()
  } finally {
    vi.useRealTimers()
  }
  expect(sent).toEqual(['set'])
})

it('a lease on a load is released after its entry is sent, so that those who wait for it find the entry', async () => {
  const sent: string[] = []
  const { get } = simulatedProcess({
    memory: { mode: 'off' },
    wrapStore: ({ sync: _, leases, ...store }) => ({
      ...store,
      source: 'store',
      set(...args) {
        sent.push('set')
        return store.set(...args)
      },
      leases: {
        ...(leases as LoadLeases),
        async release(request, end) {
          sent.push(end)
          await leases?.release(request, end)
        },
      },
    }),
  })
  await get(reads.byId(1), { options: { singleFlight: 'cluster' } })
  expect(sent).toEqual(['set', 'stored'])
})
