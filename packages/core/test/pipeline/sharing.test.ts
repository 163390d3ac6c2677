import { settled } from '@larder/testing'
import { expect, it, vi } from 'vitest'
import { reads, writes } from '../support/item-host.ts'
import type { Row } from '../support/simulated-database.ts'
import { paused, pausedLoad, simulatedProcess } from '../support/simulated-process.ts'

const all = reads.everything()

it('many equal concurrent reads run one query, and each caller gets a separate copy', async () => {
  const { get, database, cache } = simulatedProcess()
  const load = vi.fn(database.read)
  const results = await Promise.all(
    Array.from({ length: 50 }, () => get(all, { load: load as typeof database.read })),
  )
  expect(load).toHaveBeenCalledTimes(1)
  expect(results.filter(({ shared }) => shared)).toHaveLength(49)
  expect(new Set(results.map(({ result }) => result)).size).toBe(50)
  const [first] = results
  first?.result.splice(0)
  expect(results.slice(1).every(({ result }) => result.length === 3)).toBe(true)
  expect(cache.stats()).toMatchObject({ reads: 50, misses: 50 })
})

it('a read begun after a write never joins a load begun before it', async () => {
  const here = simulatedProcess()
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

it('callers that joined a failed load run their own load and do not get its error', async () => {
  const here = simulatedProcess()
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

it('a result that cannot be copied is returned to one caller, and the others run their own query', async () => {
  const { get } = simulatedProcess()
  const load = vi.fn(async () => (() => 1) as unknown as Row[])
  const results = await Promise.all([get(all, { load }), get(all, { load }), get(all, { load })])
  expect(load).toHaveBeenCalledTimes(3)
  expect(results.map(({ reason }) => reason)).toEqual(['opaque', 'opaque', 'opaque'])
})

it('without single flight every caller runs its own query', async () => {
  const { get, database } = simulatedProcess()
  const load = vi.fn(database.read)
  const more = { load: load as typeof database.read, options: { singleFlight: false as const } }
  await Promise.all([get(all, more), get(all, more), get(all, more)])
  expect(load).toHaveBeenCalledTimes(3)
})

it('equal reads of a dirty tag share a load that began after all of them were called', async () => {
  const { get, put, database } = simulatedProcess()
  await get(reads.byId(3))
  const writing = paused(database.write)
  const done = put(writes.touch(2), writing.run)
  await writing.sent
  // The row's own tags are clean: the load goes on, though `list` is dirty.
  const load = vi.fn(database.read)
  const more = { load: load as typeof database.read }
  const results = await Promise.all([get(reads.byId(1), more), get(reads.byId(1), more)])
  expect(load).toHaveBeenCalledTimes(1)
  expect(results.map(({ reason }) => reason)).toEqual(['miss', 'miss'])
  expect(results.filter(({ shared }) => shared)).toHaveLength(1)
  await writing.execute()
  writing.answer()
  await done
  expect((await get(reads.byId(1))).source).toBe('memory')
})

it('equal reads whose new tags are evicted immediately never share a load begun before them', async () => {
  const here = simulatedProcess({
    wrapStore: (store) => ({ ...store, seed: (tags) => store.fetch(undefined, tags) }),
  })
  const { get, database } = here
  const slow = pausedLoad(here, all)
  const first = get(all, { load: slow.run })
  await slow.execute()
  await database.write(writes.touch(1).mutation)
  const load = vi.fn(database.read)
  const results = await Promise.all([1, 2].map(() => get(all, { load: load as typeof database.read })))
  expect(load).toHaveBeenCalledTimes(1)
  expect(results.every(({ result }) => result.find(({ id }) => id === 1)?.v === 1_001)).toBe(true)
  slow.answer()
  expect((await first).result.find(({ id }) => id === 1)?.v).toBe(1)
  expect((await get(all)).reason).toBe('miss')
})

/** A write of this table that has been marked and not finished: until `done` its tags are dirty. */
async function unfinished(here: ReturnType<typeof simulatedProcess>) {
  const writing = paused(here.database.write)
  const done = here.put(writes.touch(2), writing.run)
  await writing.sent
  return {
    writing,
    async finish() {
      writing.answer()
      await done
    },
  }
}

it('while a tag is dirty, readers run at most two queries at a time, and no reader gets one begun before its call', async () => {
  const here = simulatedProcess()
  const { get, database } = here
  await get(all)
  const { writing, finish } = await unfinished(here)
  const [first, second] = [pausedLoad(here, all), pausedLoad(here, all)]
  const early = [get(all, { load: first.run })]
  await first.execute()
  early.push(get(all, { load: second.run }))
  await second.sent
  // Committed now: whoever asks from now on must see it.
  await writing.execute()
  const load = vi.fn(database.read)
  const late = Array.from({ length: 20 }, () => get(all, { load: load as typeof database.read }))
  await settled()
  expect(load).not.toHaveBeenCalled()
  first.answer()
  const results = await Promise.all(late)
  expect(load).toHaveBeenCalledTimes(1)
  expect(results.every(({ result }) => result.find(({ id }) => id === 2)?.v === 1_001)).toBe(true)
  expect(results.every(({ reason }) => reason === 'dirty')).toBe(true)
  expect(results.filter(({ shared }) => shared)).toHaveLength(19)
  expect(new Set(results.map(({ result }) => result)).size).toBe(20)
  await second.execute()
  second.answer()
  const [stale] = await Promise.all(early)
  expect(stale?.result.find(({ id }) => id === 2)?.v).toBe(2)
  await finish()
  expect((await get(all)).reason).toBe('invalidated')
})

it('while a tag is dirty, callers that shared a failed query get the result of another query, not the error', async () => {
  const here = simulatedProcess()
  const { get, database } = here
  const { writing, finish } = await unfinished(here)
  const load = vi.fn(database.read).mockRejectedValueOnce(new Error('lost'))
  const ends = await Promise.allSettled([1, 2, 3].map(() => get(all, { load: load as typeof database.read })))
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
  expect(load).toHaveBeenCalledTimes(2)
  await writing.execute()
  await finish()
})

it('while a tag is dirty and single flight is off, every caller runs its own query', async () => {
  const here = simulatedProcess()
  const { get, database } = here
  const { writing, finish } = await unfinished(here)
  const load = vi.fn(database.read)
  const more = { load: load as typeof database.read, options: { singleFlight: false as const } }
  await Promise.all([get(all, more), get(all, more), get(all, more)])
  expect(load).toHaveBeenCalledTimes(3)
  await writing.execute()
  await finish()
})

it('a caller that joined a failing load waits for at most two more loads before it runs its own', async () => {
  const { get } = simulatedProcess()
  const load = vi.fn(async (): Promise<Row[]> => Promise.reject(new Error('down')))
  const ends = await Promise.allSettled(Array.from({ length: 10 }, () => get(all, { load })))
  expect(ends.every((end) => end.status === 'rejected' && String(end.reason) === 'Error: down')).toBe(true)
  // Each caller got the error of a query of its own.
  expect(load).toHaveBeenCalledTimes(10)
})
