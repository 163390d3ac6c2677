import { describe, expect, it } from 'vitest'
import { CacheError } from '../../src/base/errors.ts'
import { isEmpty, lifetimeOf } from '../../src/entry/lifetime.ts'
import { resolvePolicy } from '../../src/options/resolve-policy.ts'
import { bypassOf } from '../../src/pipeline/decide.ts'
import type { ReadPlan } from '../../src/plan/plan.ts'
import type { PolicyOptions } from '../../src/plan/policy.ts'

const resolve = (options: unknown, defaults: unknown = {}) =>
  resolvePolicy(options as PolicyOptions, defaults as PolicyOptions, 'models.Item')
const errorOf = (options: unknown, defaults: unknown = {}): CacheError => {
  try {
    resolve(options, defaults)
  } catch (error) {
    expect(error).toBeInstanceOf(CacheError)
    return error as CacheError
  }
  throw new Error('nothing was thrown')
}

describe('a policy', () => {
  it('needs only a ttl', () => {
    expect(resolve({ ttl: '10m' })).toEqual({
      ttl: 600_000,
      jitter: 0.1,
      cacheEmpty: 30_000,
      singleFlight: 'process',
      joinTimeout: 5_000,
      write: 'invalidate',
      onMarkFailure: 'proceed',
      staleWhileRevalidate: 0,
      staleIfError: 0,
      refreshAhead: 1,
      maxStaleness: 0,
      maxConcurrentLoads: undefined,
      loadQueueTimeout: 5_000,
      onOverload: 'reject',
      operations: undefined,
      tags: [],
      touches: [],
      reads: [],
      lookupKeys: [],
    })
  })

  it.each([
    ['is thirty seconds if the ttl is longer', '1h', 30_000],
    ['is the ttl if that is shorter', '5s', 5_000],
  ])('the ttl of empty results %s', (_, ttl, expected) => {
    expect(resolve({ ttl }).cacheEmpty).toBe(expected)
  })

  it('is merged over the defaults, and undefined does not override a default', () => {
    const rest = { tags: ['x'], singleFlight: false, cacheEmpty: false, onMarkFailure: 'reject' }
    const defaults = { ttl: '1m', jitter: 0, ...rest }
    expect(resolve({ ttl: undefined, tags: undefined, jitter: 0.5 }, defaults)).toMatchObject({
      ttl: 60_000,
      jitter: 0.5,
      tags: ['x'],
      singleFlight: false,
      cacheEmpty: false,
      onMarkFailure: 'reject',
    })
  })

  it.each([
    { ttl: 1, refreshAhead: false },
    { ttl: 1, refreshAhead: 0.5, staleWhileRevalidate: '1m', staleIfError: '1h', maxStaleness: '100ms' },
    { ttl: 1, staleWhileRevalidate: 0, staleIfError: 0, maxStaleness: 0 },
    { ttl: 1, write: 'invalidate' },
    { ttl: 1, singleFlight: 'process' },
    { ttl: 1, maxConcurrentLoads: undefined },
    { ttl: 0.5, jitter: 1, cacheEmpty: 0 },
    { ttl: '1ms', operations: [], lookupKeys: [['a', 'b']], touches: ['t'], reads: ['r'] },
  ])('%j is a valid policy', (options) => {
    expect(() => resolve(options)).not.toThrow()
  })
})

/** Each error names the option, the value given, and what to do. */
const misuses: [string, unknown, CacheError['code'], string, RegExp][] = [
  ['no ttl', {}, 'LARDER_CONFIG', 'models.Item.ttl', /missing.*ttl: '10m'/],
  ['ttl undefined', { ttl: undefined }, 'LARDER_CONFIG', 'models.Item.ttl', /missing/],
  ['ttl null', { ttl: null }, 'LARDER_DURATION', 'models.Item.ttl', /is null: give/],
  ['ttl 0', { ttl: 0 }, 'LARDER_DURATION', 'models.Item.ttl', /is 0: give a lifetime above zero/],
  ["ttl '0s'", { ttl: '0s' }, 'LARDER_DURATION', 'models.Item.ttl', /is "0s": give a lifetime above zero/],
  ['ttl -1', { ttl: -1 }, 'LARDER_DURATION', 'models.Item.ttl', /is -1: give a finite/],
  [
    'ttl Infinity',
    { ttl: Number.POSITIVE_INFINITY },
    'LARDER_DURATION',
    'models.Item.ttl',
    /is Infinity: give/,
  ],
  ['an infinite ttl', { ttl: 1e300 }, 'LARDER_DURATION', 'models.Item.ttl', /is 1e\+300: give/],
  ['ttl NaN', { ttl: Number.NaN }, 'LARDER_DURATION', 'models.Item.ttl', /is NaN: give/],
  ["ttl '5x'", { ttl: '5x' }, 'LARDER_DURATION', 'models.Item.ttl', /is "5x": give.*'10m'/],
  ["ttl '-5s'", { ttl: '-5s' }, 'LARDER_DURATION', 'models.Item.ttl', /is "-5s": give/],
  ['ttl true', { ttl: true }, 'LARDER_DURATION', 'models.Item.ttl', /is true: give/],
  [
    'jitter 2',
    { ttl: 1, jitter: 2 },
    'LARDER_CONFIG',
    'models.Item.jitter',
    /is 2: give a number from 0 to 1/,
  ],
  ['jitter -0.1', { ttl: 1, jitter: -0.1 }, 'LARDER_CONFIG', 'models.Item.jitter', /is -0\.1: give/],
  ['jitter NaN', { ttl: 1, jitter: Number.NaN }, 'LARDER_CONFIG', 'models.Item.jitter', /is NaN: give/],
  ["jitter '0.1'", { ttl: 1, jitter: '0.1' }, 'LARDER_CONFIG', 'models.Item.jitter', /is "0\.1": give/],
  ['jitter null', { ttl: 1, jitter: null }, 'LARDER_CONFIG', 'models.Item.jitter', /is null: give/],
  [
    'cacheEmpty true',
    { ttl: 1, cacheEmpty: true },
    'LARDER_DURATION',
    'models.Item.cacheEmpty',
    /is true: give/,
  ],
  [
    "cacheEmpty '5x'",
    { ttl: 1, cacheEmpty: '5x' },
    'LARDER_DURATION',
    'models.Item.cacheEmpty',
    /is "5x": give/,
  ],
  [
    'operations as text',
    { ttl: 1, operations: 'findMany' },
    'LARDER_CONFIG',
    'models.Item.operations',
    /is "findMany": give an array/,
  ],
  [
    'tags with a number',
    { ttl: 1, tags: [1n] },
    'LARDER_CONFIG',
    'models.Item.tags',
    /is \[1\]: give an array/,
  ],
  ['tags with empty text', { ttl: 1, tags: [''] }, 'LARDER_CONFIG', 'models.Item.tags', /is \[""\]: give/],
  ['tags null', { ttl: 1, tags: null }, 'LARDER_CONFIG', 'models.Item.tags', /is null: give/],
  [
    'touches as an object',
    { ttl: 1, touches: {} },
    'LARDER_CONFIG',
    'models.Item.touches',
    /is an object: give/,
  ],
  ['reads as text', { ttl: 1, reads: 'item' }, 'LARDER_CONFIG', 'models.Item.reads', /is "item": give/],
  [
    'lookupKeys as one key',
    { ttl: 1, lookupKeys: ['a'] },
    'LARDER_CONFIG',
    'models.Item.lookupKeys[0]',
    /is "a": give/,
  ],
  [
    'lookupKeys as text',
    { ttl: 1, lookupKeys: 'a' },
    'LARDER_CONFIG',
    'models.Item.lookupKeys',
    /is "a": give an array/,
  ],
  [
    'an unknown option',
    { ttl: 1, tll: 1 },
    'LARDER_CONFIG',
    'models.Item.tll',
    /not an option: there are ttl, jitter/,
  ],
  [
    'an option of the prototype',
    { ttl: 1, toString: 1 },
    'LARDER_CONFIG',
    'models.Item.toString',
    /not an option/,
  ],
  [
    'a joinTimeout of zero',
    { ttl: 1, joinTimeout: 0 },
    'LARDER_CONFIG',
    'models.Item.joinTimeout',
    /is 0: give a time above zero/,
  ],
  [
    'an unknown write',
    { ttl: 1, write: 'back' },
    'LARDER_CONFIG',
    'models.Item.write',
    /is "back": give 'invalidate', 'through' or 'around'/,
  ],
  [
    'an unknown singleFlight',
    { ttl: 1, singleFlight: true },
    'LARDER_CONFIG',
    'models.Item.singleFlight',
    /is true: give 'process', 'cluster' or false/,
  ],
  [
    'an unknown onMarkFailure',
    { ttl: 1, onMarkFailure: 'throw' },
    'LARDER_CONFIG',
    'models.Item.onMarkFailure',
    /is "throw": give 'proceed' or 'reject'/,
  ],
  ...[true, 0, -1, Number.POSITIVE_INFINITY, Number.NaN, '1'].map(
    (value): [string, unknown, CacheError['code'], string, RegExp] => [
      `refreshAhead: ${JSON.stringify(value)} (${typeof value})`,
      { ttl: 1, refreshAhead: value },
      'LARDER_CONFIG',
      'models.Item.refreshAhead',
      /give a number above zero, such as 1, or false/,
    ],
  ),
  [
    'a malformed staleWhileRevalidate',
    { ttl: 1, staleWhileRevalidate: '1 m' },
    'LARDER_DURATION',
    'models.Item.staleWhileRevalidate',
    /is "1 m"/,
  ],
  ['an invalid policy', 5, 'LARDER_CONFIG', 'models.Item', /is 5: give an object/],
  ['null for a policy', null, 'LARDER_CONFIG', 'models.Item', /is null: give an object/],
  ['a list for a policy', [], 'LARDER_CONFIG', 'models.Item', /is \[\]: give an object/],
  ...[0, 1.5, '4', Number.POSITIVE_INFINITY].map(
    (value): [string, unknown, CacheError['code'], string, RegExp] => [
      `maxConcurrentLoads ${value}`,
      { ttl: 1, maxConcurrentLoads: value },
      'LARDER_CONFIG',
      'models.Item.maxConcurrentLoads',
      /give a whole number of at least 1/,
    ],
  ),
  [
    'a malformed loadQueueTimeout',
    { ttl: 1, loadQueueTimeout: 'soon' },
    'LARDER_DURATION',
    'models.Item.loadQueueTimeout',
    /is "soon"/,
  ],
  [
    'an unknown onOverload',
    { ttl: 1, onOverload: 'throw' },
    'LARDER_CONFIG',
    'models.Item.onOverload',
    /give 'reject' or 'proceed'/,
  ],
]

describe('misuse of a policy', () => {
  it.each(misuses)(
    '%s is refused with its name, its value and the fix',
    (_, options, code, option, message) => {
      const error = errorOf(options)
      expect(error.code).toBe(code)
      expect(error.message).toContain(option)
      expect(error.message).toMatch(message)
    },
  )

  it('an error in the defaults is reported with the prefix `defaults`', () => {
    expect(errorOf({ ttl: 1 }, { ttl: '5x' }).message).toMatch(/^defaults\.ttl is "5x"/)
    expect(errorOf({ ttl: 1 }, { refreshAhead: 0 }).message).toMatch(/^defaults\.refreshAhead is 0: give/)
  })
})

describe('the ttl of an entry', () => {
  const policy = resolve({ ttl: 1_000, jitter: 0.2, cacheEmpty: 100 })
  it.each([
    ['the whole ttl if the random number is zero', policy, false, 0, 1_000],
    ['at least the ttl minus the jitter', policy, false, 0.999_999, 800],
    ['the ttl of empty results if it is empty', policy, true, 0, 100],
    ['the ttl of empty results minus the jitter if it is empty', policy, true, 0.999_999, 80],
    ['at least one millisecond', resolve({ ttl: 0.5, jitter: 1 }), false, 0.9, 1],
    [
      'no ttl if it is empty and empty results are not cached',
      resolve({ ttl: 1_000, cacheEmpty: false }),
      true,
      0,
      undefined,
    ],
    ['no ttl if it is empty and cacheEmpty is 0', resolve({ ttl: 1_000, cacheEmpty: 0 }), true, 0, undefined],
  ])('is %s', (_, resolved, empty, random, expected) => {
    const lifetime = lifetimeOf(resolved, empty, random)
    if (expected === undefined) expect(lifetime).toBeUndefined()
    else expect(lifetime).toBeCloseTo(expected, 2)
  })

  it.each([
    [null, true],
    [undefined, true],
    [[], true],
    [[null], false],
    [0, false],
    ['', false],
    [{}, false],
    [{ length: 0 }, false],
  ])('%j is empty: %s', (result, expected) => {
    expect(isEmpty(result)).toBe(expected)
  })
})

describe('bypass', () => {
  const plan = (more: Partial<ReadPlan<unknown>>): ReadPlan<unknown> => ({
    operation: 'Item.findMany',
    model: 'Item',
    policy: resolve({ ttl: 1 }),
    query: {},
    occurrences: [],
    severalStatements: false,
    run: async () => undefined,
    ...more,
  })
  it.each([
    ['a read with a policy does not bypass', plan({}), undefined],
    ['a read without a policy bypasses', plan({ policy: undefined }), 'no-policy'],
    [
      'the reason given by the host takes precedence over the policy',
      plan({ policy: undefined, bypass: 'lock' }),
      'lock',
    ],
    [
      'an operation that the policy does not list bypasses',
      plan({ policy: resolve({ ttl: 1, operations: ['count'] }) }),
      'disabled',
    ],
    [
      'an operation that the policy lists does not bypass',
      plan({ policy: resolve({ ttl: 1, operations: ['findMany'] }) }),
      undefined,
    ],
    [
      'with an empty list of operations every operation bypasses',
      plan({ policy: resolve({ ttl: 1, operations: [] }) }),
      'disabled',
    ],
  ])('%s', (_, readPlan, expected) => {
    expect(bypassOf(readPlan)).toBe(expected)
  })
})
