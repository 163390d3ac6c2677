import { faultyStore, settled } from '@larder/testing'
import { expect, it, vi } from 'vitest'
import { reads, writes } from '../support/item-host.ts'
import { pausedLoad, simulatedProcess } from '../support/simulated-process.ts'

const all = reads.everything()

it('a hanging load delays a later reader of its key by at most the join timeout', async () => {
  const here = simulatedProcess()
  const { get, clock, database } = here
  const slow = pausedLoad(here, all)
  const hung = get(all, { load: slow.run })
  await slow.sent
  const load = vi.fn(database.read)
  const more = { load: load as typeof database.read }
  const waiting = [get(all, more), get(all, more), get(all, more)]
  await settled()
  await clock.advance(4_999)
  expect(load).not.toHaveBeenCalled()
  await clock.advance(1)
  expect((await Promise.all(waiting)).map(({ source, shared }) => [source, shared])).toEqual([
    ['database', undefined],
    ['database', true],
    ['database', true],
  ])
  expect(load).toHaveBeenCalledTimes(1)
  // What the new load found is a hit while the first one still hangs.
  expect((await get(all)).source).toBe('memory')
  await slow.execute()
  slow.answer()
  expect((await hung).result).toHaveLength(3)
})

it('the policy determines how long a read waits for a slow load', async () => {
  const here = simulatedProcess()
  const { get, clock } = here
  const options = { joinTimeout: '1m' } as const
  const slow = pausedLoad(here, all)
  const first = get(all, { load: slow.run, options })
  await slow.sent
  const load = vi.fn(here.database.read)
  const second = get(all, { load: load as typeof here.database.read, options })
  await settled()
  await clock.advance(59_000)
  await slow.execute()
  slow.answer()
  expect([(await first).shared, (await second).shared]).toEqual([undefined, true])
  expect(load).not.toHaveBeenCalled()
})

it('a hanging load that ends late, after a write, makes nothing stale', async () => {
  const here = simulatedProcess()
  const { get, put, clock } = here
  const slow = pausedLoad(here, all)
  const hung = get(all, { load: slow.run })
  await slow.execute()
  const waiting = get(all)
  await settled()
  await clock.advance(5_000)
  expect((await waiting).result.find(({ id }) => id === 1)?.v).toBe(1)
  await put(writes.touch(1))
  await settled()
  slow.answer()
  await hung
  await settled()
  expect((await get(all)).result.find(({ id }) => id === 1)?.v).toBe(1_001)
})

it('while the store is unavailable, a hanging load delays the reads of its turn by the join timeout only', async () => {
  const here = simulatedProcess({
    wrapStore: (store) => {
      const faulty = faultyStore(store)
      faulty.fail('rejects')
      return faulty
    },
  })
  const { get, clock, database } = here
  const slow = pausedLoad(here, all)
  void get(all, { load: slow.run })
  const load = vi.fn(database.read)
  const waiting = [1, 2].map(() => get(all, { load: load as typeof database.read }))
  await slow.sent
  await clock.advance(5_000)
  expect((await Promise.all(waiting)).map(({ reason, shared }) => [reason, shared])).toEqual([
    ['unavailable', undefined],
    ['unavailable', true],
  ])
  expect(load).toHaveBeenCalledTimes(1)
})
