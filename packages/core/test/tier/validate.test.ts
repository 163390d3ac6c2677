import { settled } from '@larder/testing'
import { expect, it } from 'vitest'
import { reads, writes } from '../support/item-host.ts'
import { remote } from './remote.ts'

const readRow1 = reads.byId(1)
const validate = { mode: 'validate' as const }

it('a kept entry is not fetched again, but its tags are fetched for every read', async () => {
  const { get, takeCalls, cache } = remote()
  expect(await get(readRow1)).toMatchObject({ source: 'database', reason: 'miss' })
  takeCalls()
  expect(await get(readRow1)).toMatchObject({ source: 'memory', result: { id: 1, v: 1 } })
  expect(await get(readRow1)).toMatchObject({ source: 'memory' })
  expect(takeCalls()).toEqual(['tags', 'tags'])
  expect(cache.stats()).toMatchObject({ reads: 3, hits: 2, misses: 1 })
})

it('an entry of another process is fetched once', async () => {
  const here = remote()
  const other = remote({ sharedWith: here })
  await other.get(readRow1)
  expect(await here.get(readRow1)).toMatchObject({ source: 'store' })
  expect(await here.get(readRow1)).toMatchObject({ source: 'memory' })
  expect(here.takeCalls()).toEqual(['fetch', 'tags'])
})

it('without the memory tier every hit fetches the entry', async () => {
  const { get, takeCalls } = remote({ memory: { mode: 'off' } })
  await get(readRow1)
  takeCalls()
  expect(await get(readRow1)).toMatchObject({ source: 'store' })
  expect(await get(readRow1)).toMatchObject({ source: 'store' })
  expect(takeCalls()).toEqual(['fetch', 'fetch'])
})

it('a write of another process invalidates a kept entry immediately', async () => {
  const here = remote()
  const other = remote({ sharedWith: here })
  await here.get(readRow1)
  await here.get(readRow1)
  await other.put(writes.touch(1))
  expect(await here.get(readRow1)).toMatchObject({
    source: 'database',
    reason: 'invalidated',
    result: { v: 1_001 },
  })
})

it('an entry that another process stored since is used before a miss is reported', async () => {
  const here = remote()
  const other = remote({ sharedWith: here })
  await here.get(readRow1)
  await other.put(writes.touch(1))
  await settled()
  await other.get(readRow1)
  here.takeCalls()
  expect(await here.get(readRow1)).toMatchObject({ source: 'store', result: { v: 1_001 } })
  expect(await here.get(readRow1)).toMatchObject({ source: 'memory', result: { v: 1_001 } })
  expect(here.takeCalls()).toEqual(['tags', 'fetch', 'tags'])
})

it('an invalidated entry is not fetched again if the store has no newer one', async () => {
  const { get, put, takeCalls } = remote()
  const uncached = { options: { cacheEmpty: false as const } }
  const readRow3 = reads.byId(3)
  await get(readRow3, uncached)
  await get(readRow3, uncached)
  await put(writes.remove(3))
  await settled()
  for (let time = 0; time < 2; time++) expect((await get(readRow3, uncached)).result).toBeNull()
  takeCalls()
  await get(readRow3, uncached)
  expect(takeCalls()).toEqual(['fetch'])
})

it('while tags are dirty only the tags are fetched', async () => {
  const here = remote()
  const other = remote({ sharedWith: here })
  await here.get(readRow1)
  await here.get(readRow1)
  const scope = other.engine.transaction('late')
  await other.engine.inside(scope, () => other.put(writes.touch(1), undefined, scope))
  await scope.seal()
  here.takeCalls()
  expect(await here.get(readRow1)).toMatchObject({ source: 'database', reason: 'dirty' })
  expect(here.takeCalls()).toEqual(['tags'])
  await scope.end('failed')
})

it('a kept entry expires by its ttl, counted from before it was fetched', async () => {
  const here = remote()
  const other = remote({ sharedWith: here })
  await other.get(readRow1)
  await here.clock.advance(400_000)
  expect(await here.get(readRow1)).toMatchObject({ source: 'store', age: 400_000 })
  await here.clock.advance(199_999)
  expect(await here.get(readRow1)).toMatchObject({ source: 'memory', age: 599_999, ttl: 600_000 })
  await here.clock.advance(1)
  expect(await here.get(readRow1)).toMatchObject({ source: 'database' })
})

it('a result that its caller changed is intact for the next caller', async () => {
  const { get } = remote({ memory: validate })
  const all = reads.everything()
  for (let time = 0; time < 4; time++) {
    const { result } = await get(all)
    expect(result.map(({ v }) => v)).toEqual([1, 2, 3])
    Object.assign(result[0] ?? {}, { v: 9 })
    result.length = 1
  }
})

it.each([
  ['entries', { maxEntries: 2 }],
  ['bytes', { maxBytes: 4_000 }],
])('the memory tier is bounded by %s and evicts the least recently used entry first', async (_, bound) => {
  const { get, takeCalls } = remote({ memory: { ...validate, ...bound } })
  for (const id of [1, 2, 3]) await get(reads.byId(id))
  takeCalls()
  expect(await get(reads.byId(3))).toMatchObject({ source: 'memory' })
  expect(await get(reads.byId(1))).toMatchObject({ source: 'store' })
})

it('`invalidate({ all })` invalidates the kept entries of every process', async () => {
  const here = remote()
  const other = remote({ sharedWith: here })
  await here.get(readRow1)
  await here.get(readRow1)
  await other.cache.invalidate({ all: true })
  expect(await here.get(readRow1)).toMatchObject({ source: 'database' })
})

it('no read is served after close', async () => {
  const { get, cache } = remote()
  await get(readRow1)
  await get(readRow1)
  const closing = cache.close()
  await closing
  expect(await get(readRow1)).toMatchObject({ source: 'database', reason: 'unavailable' })
})
