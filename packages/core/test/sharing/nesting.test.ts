import { type Cache, createCache } from '@larder/core'
import { deferred, repeatWhenBusy } from '@larder/testing'
import { expect, it, vi } from 'vitest'

repeatWhenBusy()

const options = { ttl: '1m' } as const
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Fails where a promise takes longer than any load that waits for nobody. */
const soon = <T>(value: Promise<T>): Promise<T> =>
  Promise.race([
    value,
    new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error('it hangs')), 1_000)
    }),
  ])

it('a load that needs its own result runs the inner load separately', async () => {
  const cache = createCache()
  const inner = vi.fn(async () => 1)
  const outer = async () => {
    await turn()
    return cache.wrap('a', options, inner)
  }
  expect(await soon(cache.wrap('a', options, outer))).toBe(1)
  expect(inner).toHaveBeenCalledTimes(1)
})

it('a load that needs its own result before it awaits anything runs the inner load separately', async () => {
  const cache = createCache()
  const inner = async () => 1
  expect(await soon(cache.wrap('a', options, () => cache.wrap('a', options, inner)))).toBe(1)
})

it('a load that needs its own result through other loads, some of them parallel, completes', async () => {
  const cache = createCache()
  const a = async () => {
    await turn()
    return cache.wrap('a', options, async () => 1)
  }
  const b = () => cache.wrap('b', options, async () => (await a()) + 1)
  const c = () => cache.wrap('c', options, async () => (await Promise.all([a(), b(), b()])).length)
  expect(await soon(cache.wrap('a', options, c))).toBe(3)
})

/** Begins two loads; each, once both are under way, asks for the other's result. */
async function eachNeedsTheOther(firstCache: Cache, secondCache: Cache): Promise<unknown> {
  const both = [deferred(), deferred()] as const
  const load = (cache: Cache, key: string, value: number) => async () => {
    both[value]?.resolve()
    await Promise.all(both.map(({ promise }) => promise))
    return `${key}<${await cache.wrap(key, options, async () => `${key} alone`)}>`
  }
  return soon(
    Promise.all([
      firstCache.wrap('a', options, load(secondCache, 'b', 0)),
      secondCache.wrap('b', options, load(firstCache, 'a', 1)),
    ]),
  )
}

it('two loads of two callers that wait for each other both complete', async () => {
  const cache = createCache()
  expect(await eachNeedsTheOther(cache, cache)).toEqual(['b<a<a alone>>', 'a<a alone>'])
})

it('two loads of two caches that wait for each other both complete', async () => {
  expect(await eachNeedsTheOther(createCache(), createCache())).toEqual(['b<a<a alone>>', 'a<a alone>'])
})

it('a load joins another load that waits for no load', async () => {
  const cache = createCache()
  const answer = deferred<number>()
  const load = vi.fn(() => answer.promise)
  const other = cache.wrap('b', options, load)
  const outer = cache.wrap('a', options, () => cache.wrap('b', options, load))
  await turn()
  answer.resolve(2)
  expect(await Promise.all([other, outer])).toEqual([2, 2])
  expect(load).toHaveBeenCalledTimes(1)
})

it('work that continues after its load has ended joins later loads like any other', async () => {
  const cache = createCache()
  const begin = deferred()
  const answer = deferred<number>()
  const load = vi.fn(() => answer.promise)
  let background: Promise<number> | undefined
  await cache.wrap('a', options, async () => {
    background = begin.promise.then(() => cache.wrap('b', options, load))
    return 1
  })
  const other = cache.wrap('b', options, load)
  begin.resolve()
  await turn()
  answer.resolve(2)
  expect(await Promise.all([other, background])).toEqual([2, 2])
  expect(load).toHaveBeenCalledTimes(1)
})

it('a load that needs its own result again and again is refused', async () => {
  const cache = createCache()
  const endless = (): Promise<number> => cache.wrap('a', options, endless)
  await expect(soon(cache.wrap('a', options, endless))).rejects.toMatchObject({
    code: 'LARDER_ENDLESS_LOAD',
    message: expect.stringContaining('different keys'),
  })
})
