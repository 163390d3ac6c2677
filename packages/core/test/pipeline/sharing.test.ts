import { settled } from '@larder/testing'
import { expect, it, vi } from 'vitest'
import { reads, writes } from '../support/item-host.ts'
import type { Row } from '../support/simulated-database.ts'
import { paused, pausedLoad, world } from '../support/world.ts'

const all = reads.everything()

it('many equal reads at once are one query, and each caller owns its copy', async () => {
  const { get, database, cache } = world()
  const load = vi.fn(database.read)
  const seen = await Promise.all(
    Array.from({ length: 50 }, () => get(all, { load: load as typeof database.read })),
  )
  expect(load).toHaveBeenCalledTimes(1)
  expect(seen.filter(({ shared }) => shared)).toHaveLength(49)
  expect(new Set(seen.map(({ result }) => result)).size).toBe(50)
  const [first] = seen
  first?.result.splice(0)
  expect(seen.slice(1).every(({ result }) => result.length === 3)).toBe(true)
  expect(cache.stats()).toMatchObject({ reads: 50, misses: 50 })
})

it('a read begun after a write never joins a load begun before it', async () => {
  const here = world()
  const { get, put, database } = here
  const slow = pausedLoad(here, all)
  const first = get(all, { load: slow.run })
  await slow.execute()
  await put(writes.touch(1))
  const load = vi.fn(database.read)
  const second = await get(all, { load: load as typeof database.read })
  expect(load).toHaveBeenCalledTimes(1)
  expect(second.result.find(({ id }) => id === 1)?.v).toBe(1_001)
  slow.answer()
  expect((await first).result.find(({ id }) => id === 1)?.v).toBe(1)
})

it('whoever joined a load that failed runs its own, and is told nothing of the failure', async () => {
  const here = world()
  const { get, database } = here
  const slow = pausedLoad(here, all)
  const leader = get(all, { load: slow.run })
  const failing = expect(leader).rejects.toThrow('lost')
  await slow.sent
  const load = vi.fn(database.read)
  const joined = get(all, { load: load as typeof database.read })
  await settled()
  expect(load).not.toHaveBeenCalled()
  slow.lose(new Error('lost'))
  await slow.execute()
  await failing
  expect(await joined).toMatchObject({ source: 'database', reason: 'miss' })
  expect((await joined).shared).toBeUndefined()
  expect(load).toHaveBeenCalledTimes(1)
  expect((await get(all)).source).toBe('memory')
})

it('a result that cannot be copied is given to one caller; the others ask for themselves', async () => {
  const { get } = world()
  const load = vi.fn(async () => (() => 1) as unknown as Row[])
  const seen = await Promise.all([get(all, { load }), get(all, { load }), get(all, { load })])
  expect(load).toHaveBeenCalledTimes(3)
  expect(seen.map(({ reason }) => reason)).toEqual(['opaque', 'opaque', 'opaque'])
})

it('without single-flight every caller asks the database', async () => {
  const { get, database } = world()
  const load = vi.fn(database.read)
  const more = { load: load as typeof database.read, options: { singleFlight: false as const } }
  await Promise.all([get(all, more), get(all, more), get(all, more)])
  expect(load).toHaveBeenCalledTimes(3)
})

it('a load that saw a mark is joined by nobody', async () => {
  const { get, put, database } = world()
  await get(reads.byId(3))
  const writing = paused(database.write)
  const done = put(writes.touch(2), writing.run)
  await writing.sent
  // The row's own tags are clean: the load goes on, though `list` is dirty.
  const load = vi.fn(database.read)
  const more = { load: load as typeof database.read }
  await Promise.all([get(reads.byId(1), more), get(reads.byId(1), more)])
  expect(load).toHaveBeenCalledTimes(2)
  await writing.execute()
  writing.answer()
  await done
  expect((await get(reads.byId(1))).source).toBe('memory')
})

it('two loads that could not name a tag, because it was evicted at once, do not share', async () => {
  const { get, database } = world({
    around: (store) => ({ ...store, seed: (tags) => store.fetch(undefined, tags) }),
  })
  const load = vi.fn(database.read)
  const more = { load: load as typeof database.read }
  await Promise.all([get(all, more), get(all, more)])
  expect(load).toHaveBeenCalledTimes(2)
  expect((await get(all)).reason).toBe('miss')
})
