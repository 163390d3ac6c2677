import type { WrapOptions } from '@larder/core'
import { settled } from '@larder/testing'
import { expect, it, vi } from 'vitest'
import { type ReadShape, readPlan, reads, writes } from '../support/item-host.ts'
import type { Row } from '../support/simulated-database.ts'
import { type Remote, remote } from '../tier/remote.ts'

type Shape = ReadShape<Row | Row[] | null>

const shapes: readonly Shape[] = [reads.byId(1), reads.byGroup(1), reads.withNote('c2')]

/** A computed value of three reads, and how often it was computed. */
function page(here: Remote, options: Partial<WrapOptions> = {}) {
  const load = vi.fn(async () => {
    const rows: unknown[] = []
    for (const shape of shapes)
      rows.push(await here.engine.read(readPlan(here.engine, shape, here.database.read)))
    return rows
  })
  const ask = async () => {
    const { result, reads: reports } = await here.cache.explain(() =>
      here.cache.wrap('page', { ttl: '1m', ...options }, load),
    )
    await settled()
    const report = reports.findLast(({ operation }) => operation === 'wrap')
    return { result, source: report?.source, reason: report?.reason }
  }
  return { ask, load }
}

const MODES = ['off', 'validate', 'push'] as const

it.each(MODES)('a computed value is invalidated by a write of another process, memory %s', async (mode) => {
  const here = remote({ memory: { mode } })
  const other = remote({ sharedWith: here, memory: { mode } })
  const [mine, theirs] = [page(here), page(other)]
  await mine.ask()
  expect((await theirs.ask()).source).toBe('store')
  expect((await mine.ask()).reason).toBeUndefined()
  const changes = [writes.touch(1), writes.touch(2, 'item', true), writes.touch(1, 'note')]
  for (const [index, change] of changes.entries()) {
    await other.put(change)
    await settled()
    const before = await theirs.ask()
    expect(before).toMatchObject({ source: 'database', reason: 'invalidated' })
    const again = await mine.ask()
    expect(again).toMatchObject({ source: 'store', result: before.result })
    expect(mine.load).toHaveBeenCalledTimes(1)
    expect(theirs.load).toHaveBeenCalledTimes(index + 1)
  }
})

it.each(MODES)(
  'a write to rows that were not read does not invalidate a computed value, memory %s',
  async (mode) => {
    const here = remote({ memory: { mode } })
    const { ask, load } = page(here)
    await ask()
    for (const change of [writes.touch(3, 'item', true), writes.touch(2, 'note')]) {
      await here.put(change)
      await settled()
      expect((await ask()).source).not.toBe('database')
    }
    expect(load).toHaveBeenCalledTimes(1)
  },
)

it('the first lookup of a computed value in another process takes two round trips, and later ones take one', async () => {
  const here = remote({ memory: { mode: 'off' } })
  const other = remote({ sharedWith: here, memory: { mode: 'off' } })
  await page(here).ask()
  const { ask } = page(other)
  expect((await ask()).source).toBe('store')
  expect(other.takeCalls()).toEqual(['fetch', 'tags'])
  expect((await ask()).source).toBe('store')
  expect(other.takeCalls()).toEqual(['fetch'])
  here.takeCalls()
  expect((await page(here).ask()).source).toBe('store')
  expect(here.takeCalls()).toEqual(['fetch'])
})

it('a computed value in the memory tier needs no round trip with push, and one with validate', async () => {
  for (const [mode, calls] of [
    ['push', []],
    ['validate', ['tags']],
  ] as const) {
    const here = remote({ memory: { mode } })
    const { ask } = page(here)
    for (let time = 0; time < 3; time++) await ask()
    here.takeCalls()
    expect((await ask()).source).toBe('memory')
    expect(here.takeCalls()).toEqual(calls)
  }
})

it('a computed value is stored with the nonces of a hit, even before its process is notified of a write', async () => {
  const deliveries: (() => void)[] = []
  const here = remote({ memory: { mode: 'push' }, send: (deliver) => deliveries.push(deliver) })
  const other = remote({ sharedWith: here })
  for (let time = 0; time < 3; time++) await here.get(reads.byId(1))
  await other.put(writes.touch(1))
  await settled()
  const { ask } = page(here)
  expect((await ask()).result).toMatchObject([{ v: 1_001 }, [{ id: 2 }], [{ id: 2 }, { id: 1 }]])
  for (const deliver of deliveries) deliver()
  expect((await ask()).source).not.toBe('database')
})

it('a computed value is loaded but not stored while the store is unavailable', async () => {
  const here = remote({
    memory: { mode: 'off' },
    through: (store) => ({ ...store, fetch: () => Promise.reject(new Error('away')) }),
  })
  const { ask, load } = page(here)
  for (let time = 1; time <= 2; time++) {
    expect(await ask()).toMatchObject({ source: 'database', reason: 'unavailable' })
    expect(load).toHaveBeenCalledTimes(time)
  }
})
