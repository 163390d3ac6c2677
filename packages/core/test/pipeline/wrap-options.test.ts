import { createCache } from '@larder/core'
import { expect, it } from 'vitest'
import { resolvePolicy } from '../../src/options/resolve-policy.ts'
import { checkOptions, createWrapPolicies, type WrapOptions } from '../../src/pipeline/wrap-options.ts'

/** Policies of one cache, and how often one was resolved. */
function counting() {
  const resolved = { count: 0 }
  const policies = createWrapPolicies((options) => {
    resolved.count++
    return resolvePolicy(options, {}, 'wrap')
  })
  const use = (options: WrapOptions) => {
    const known = policies.known(options)
    if (!known) checkOptions(options)
    return known ?? policies.resolve(options)
  }
  return { use, resolved }
}

it('options that are given inline on each call are checked once', () => {
  const { use, resolved } = counting()
  for (let call = 0; call < 100; call++) use({ ttl: '5m', tags: ['front-page'], reads: ['products'] })
  for (let call = 0; call < 100; call++) use({ ttl: '5m' })
  expect(resolved.count).toBe(2)
})

it('an options object that was changed between two calls is checked again', () => {
  const { use } = counting()
  const options = { ttl: '5m' as WrapOptions['ttl'], tags: ['a'] }
  const before = use(options)
  options.ttl = 1_000
  options.tags.push('b')
  expect(use(options).policy).toMatchObject({ ttl: 1_000, tags: ['a', 'b'] })
  expect(before.policy).toMatchObject({ ttl: 300_000, tags: ['a'] })
  expect(use({ ttl: '5m', tags: ['a'] }).policy.tags).toEqual(['a'])
  options.ttl = 'soon' as never
  expect(() => use(options)).toThrow('wrap.ttl is "soon"')
})

it('tells options apart that differ in one value', () => {
  const { use } = counting()
  expect(use({ ttl: 1_000 }).captures).toBe(true)
  expect(use({ ttl: 1_000, capture: false }).captures).toBe(false)
  expect(use({ ttl: 1_000, capture: true }).captures).toBe(true)
  expect(use({ ttl: 1_000, reads: ['a'] }).occurrences).toEqual([{ table: 'a' }])
  expect(use({ ttl: 1_000, tags: ['a'] })).toMatchObject({ occurrences: [], policy: { tags: ['a'] } })
})

it.each([
  [{ ttl: '5m', write: undefined }, 'wrap has no option write, because it describes a model'],
  [{ ttl: '5m', tll: undefined }, 'wrap has no option tll'],
  [{ ttl: undefined }, 'wrap.ttl is missing'],
  [{ ttl: '5m', tags: 'a' }, 'wrap.tags is "a"'],
  [{ ttl: '5m', tags: [''] }, 'wrap.tags is'],
  [{ ttl: '5m', reads: 'a' }, 'wrap.reads is "a"'],
  [{ ttl: '5m', capture: 1 }, 'wrap.capture is 1'],
  [{ ttl: 0 }, 'wrap.ttl is 0'],
  ['5m', 'wrap: options are "5m"'],
  [null, 'wrap: options are null'],
])('wrong options are refused on every call, also after valid ones: %o', async (options, message) => {
  const cache = createCache()
  const wrap = (given: unknown) => cache.wrap('key', given as WrapOptions, async () => 1)
  for (let call = 0; call < 3; call++) {
    await wrap({ ttl: '5m' })
    await wrap({ ttl: '5m', tags: ['a'], reads: [] })
    await expect(wrap(options)).rejects.toThrow(message)
  }
  await cache.close()
})

it.each([true, false])(
  'an option that no spread copies counts for its own call only, called first: %s',
  (hiddenFirst) => {
    const hidden = (name: 'capture' | 'reads', value: unknown): WrapOptions =>
      Object.defineProperty({ ttl: '5m' }, name, { value, enumerable: false })
    const { use } = counting()
    const plain = () => expect(use({ ttl: '5m' })).toMatchObject({ captures: true, occurrences: [] })
    if (!hiddenFirst) plain()
    expect(use(hidden('capture', false)).captures).toBe(false)
    plain()
    expect(use(hidden('reads', ['products'])).occurrences).toEqual([{ table: 'products' }])
    plain()
  },
)
