import { deferred, settled } from '@larder/testing'
import { expect, it, vi } from 'vitest'
import { attachItems, reads, writes } from '../support/item-host.ts'
import { simulatedProcess } from '../support/simulated-process.ts'

it('a computed value is computed once for all concurrent and later callers', async () => {
  const { cache } = simulatedProcess()
  const answer = deferred<{ total: number }>()
  const load = vi.fn(() => answer.promise)
  const calls = Array.from({ length: 5 }, () => cache.wrap('total', { ttl: '1m' }, load))
  await settled()
  answer.resolve({ total: 3 })
  expect(await Promise.all(calls)).toEqual(Array.from({ length: 5 }, () => ({ total: 3 })))
  await settled()
  expect(await cache.wrap('total', { ttl: '1m' }, load)).toEqual({ total: 3 })
  expect(load).toHaveBeenCalledTimes(1)
})

it('a computed value expires, and is invalidated by a write to one of its tables or by one of its tags', async () => {
  const { cache, put, clock } = simulatedProcess()
  let count = 0
  const ask = async () => {
    const value = await cache.wrap('n', { ttl: '1m', reads: ['Item'], tags: ['n'] }, async () => ++count)
    await settled()
    return value
  }
  expect([await ask(), await ask()]).toEqual([1, 1])
  await put(writes.touch(1, 'note'))
  await settled()
  expect(await ask()).toBe(1)
  await put(writes.touch(1))
  await settled()
  expect([await ask(), await ask()]).toEqual([2, 2])
  await cache.invalidate({ tags: ['n'] })
  expect([await ask(), await ask()]).toEqual([3, 3])
  await clock.advance(60_000)
  expect(await ask()).toBe(4)
})

it('a computed value is invalidated by a write to its table in any named database', async () => {
  const { cache, database } = simulatedProcess()
  const shop = attachItems(cache, undefined, 'shop')
  let count = 0
  const ask = async () => {
    const value = await cache.wrap('n', { ttl: '1m', reads: ['item'] }, async () => ++count)
    await settled()
    return value
  }
  await ask()
  const { mutation, changes, name } = writes.touch(1)
  await shop.write({ operation: name, model: 'Item', changes, run: () => database.write(mutation) })
  await settled()
  expect([await ask(), await ask()]).toEqual([2, 2])
})

it('wrap refuses a table that no attached client has, because no write would invalidate the value', async () => {
  const { cache } = simulatedProcess()
  await expect(cache.wrap('n', { ttl: '1m', reads: ['itme'] }, async () => 1)).rejects.toThrow(/itme/)
})

it('a computed value is cached even if the defaults restrict operations', async () => {
  const { cache } = simulatedProcess({ defaults: { operations: ['findMany'] } })
  const load = vi.fn(async () => 1)
  for (let time = 0; time < 2; time++) {
    await cache.wrap('n', { ttl: '1m' }, load)
    await settled()
  }
  expect(load).toHaveBeenCalledTimes(1)
})

it('a computed value is not stored if one of its tables was written while it was computed', async () => {
  const { cache, put, get } = simulatedProcess()
  let count = 0
  const ask = () =>
    cache.wrap('n', { ttl: '1m', reads: ['item'] }, async () => {
      if (!count) await put(writes.touch(1))
      await get(reads.everything())
      return ++count
    })
  expect(await ask()).toBe(1)
  await settled()
  expect(await ask()).toBe(2)
  await settled()
  expect(await ask()).toBe(2)
})

it('a computed value inside a transaction is computed every time and never stored', async () => {
  const { cache, engine } = simulatedProcess()
  const scope = engine.transaction('late')
  let count = 0
  const ask = () => cache.wrap('n', { ttl: '1m' }, async () => ++count)
  await engine.inside(scope, async () => {
    expect([await ask(), await ask()]).toEqual([1, 2])
  })
  await scope.end('committed')
  await settled()
  expect(await ask()).toBe(3)
})

it('an invalid key, value or ttl is an error of the caller', async () => {
  const { cache } = simulatedProcess()
  const load = async () => 1
  await expect(cache.wrap(undefined, { ttl: '1m' }, load)).rejects.toThrow(/key/)
  await expect(cache.wrap(() => {}, { ttl: '1m' }, load)).rejects.toMatchObject({
    code: 'LARDER_UNENCODABLE',
  })
  await expect(cache.wrap('n', { ttl: 0 }, load)).rejects.toMatchObject({ code: 'LARDER_DURATION' })
  await expect(cache.wrap('n', {} as { ttl: 1 }, load)).rejects.toThrow(/ttl/)
  const wrong = Array.from({ length: 3 }, () => cache.wrap('f', { ttl: '1m' }, async () => () => {}))
  for (const outcome of await Promise.allSettled(wrong)) expect(outcome.status).toBe('rejected')
  const { reads: total, hits, misses, bypasses } = cache.stats()
  expect(total).toBe(hits + misses + bypasses)
})

it('invalid options, table lists and functions are refused before anything runs', async () => {
  const { cache } = simulatedProcess()
  const load = vi.fn(async () => 1)
  const wrap = (options: unknown, run: unknown = load) => cache.wrap('n', options as never, run as never)
  await expect(wrap({ ttl: 1, tag: ['x'] })).rejects.toThrow(/no option tag: there are capture, ttl, /)
  await expect(wrap({ ttl: 1, write: 'around' })).rejects.toThrow(/no option write/)
  await expect(wrap({ ttl: 1, staleIfError: '1m' })).rejects.toThrow(/no option staleIfError/)
  await expect(wrap({ ttl: 1, capture: 'all' })).rejects.toThrow(/wrap\.capture is "all": give true or false/)
  await expect(wrap({ ttl: 1, reads: 'item' })).rejects.toThrow(/wrap\.reads is "item": give an array/)
  await expect(wrap(undefined)).rejects.toThrow(/give \{ ttl/)
  await expect(wrap({ ttl: 1 }, 'load')).rejects.toThrow(/load is "load": give a function/)
  expect(load).not.toHaveBeenCalled()
  expect(cache.stats().reads).toBe(0)
})

it('an error of the computation is passed to the caller and not stored', async () => {
  const { cache } = simulatedProcess()
  await expect(cache.wrap('n', { ttl: '1m' }, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await cache.wrap('n', { ttl: '1m' }, async () => 1)).toBe(1)
})
