import { describe, expect, it } from 'vitest'
import { bytes } from '../../src/base/byte-size.ts'
import { milliseconds } from '../../src/base/duration.ts'
import { CacheError } from '../../src/base/errors.ts'
import { show } from '../../src/base/show.ts'
import { createCache } from '../../src/cache.ts'
import { superjsonCodec } from '../../src/codec/superjson.ts'
import { type CacheOptions, resolveConfig } from '../../src/options/config.ts'
import { memoryStore } from '../../src/store/memory-store.ts'
import type { Store } from '../../src/store/store.ts'

const REMOTE: Store = { ...memoryStore(), source: 'store' }

const errorOf = (run: () => unknown): CacheError => {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(CacheError)
    return error as CacheError
  }
  throw new Error('nothing was thrown')
}

describe('createCache', () => {
  it('has a default for everything', () => {
    expect(resolveConfig({})).toMatchObject({
      namespace: 'larder',
      version: '1',
      scope: undefined,
      requireScope: false,
      maxValueBytes: 1_048_576,
      finish: 'background',
      unknownWrites: 'invalidate',
      defaults: {},
    })
  })

  it('uses the options that are passed', () => {
    const store = REMOTE
    const codec = superjsonCodec()
    const scope = () => 'tenant'
    const options: CacheOptions = {
      namespace: 'a-b_c.d:e',
      version: '',
      scope,
      requireScope: true,
      store,
      codec,
      maxValueBytes: '16kb',
      finish: 'await',
      unknownWrites: 'throw',
      defaults: { ttl: '1m' },
      enabled: false,
      memory: { mode: 'push', maxEntries: 5, maxBytes: '1mb' },
    }
    expect(resolveConfig(options)).toEqual({
      ...options,
      maxValueBytes: 16_384,
      memory: { mode: 'push', maxEntries: 5, maxBytes: 1_048_576 },
    })
  })

  it('uses the memory tier in mode validate over a remote store by default', () => {
    const bounds = { maxEntries: 10_000, maxBytes: 67_108_864 }
    expect(resolveConfig({ store: REMOTE }).memory).toEqual({ mode: 'validate', ...bounds })
    expect(resolveConfig({ store: REMOTE, memory: { mode: 'push' } }).memory).toEqual({
      mode: 'push',
      ...bounds,
    })
    expect(resolveConfig({}).memory.mode).toBe('off')
  })

  const mistakes: [string, unknown, CacheError['code'], RegExp][] = [
    ['an unknown option', { ttl: 5 }, 'LARDER_CONFIG', /no option ttl: there are namespace, version/],
    [
      'a namespace with braces',
      { namespace: 'a{b}' },
      'LARDER_CONFIG',
      /^namespace is "a\{b\}": give one to 32/,
    ],
    ['an empty namespace', { namespace: '' }, 'LARDER_CONFIG', /^namespace is ""/],
    ['a long namespace', { namespace: 'x'.repeat(33) }, 'LARDER_CONFIG', /^namespace is "x{33}"/],
    ['a namespace with a line break', { namespace: 'a\n' }, 'LARDER_CONFIG', /^namespace is "a\\n"/],
    ['a number as namespace', { namespace: 5 }, 'LARDER_CONFIG', /^namespace is 5/],
    ['a number as version', { version: 2 }, 'LARDER_CONFIG', /^version is 2: give a string/],
    [
      'a scope that is not a function',
      { scope: 'tenant' },
      'LARDER_CONFIG',
      /^scope is "tenant": give a function/,
    ],
    ['an empty scope', { scope: '' }, 'LARDER_CONFIG', /^scope is "": give a function/],
    ['null for the scope', { scope: null }, 'LARDER_CONFIG', /^scope is null: leave it out/],
    ['requireScope without scope', { requireScope: true }, 'LARDER_CONFIG', /no scope: give scope/],
    [
      'requireScope as text',
      { requireScope: 'yes' },
      'LARDER_CONFIG',
      /^requireScope is "yes": give true or false/,
    ],
    [
      'touches in the defaults',
      { defaults: { touches: ['log'] } },
      'LARDER_CONFIG',
      /^defaults\.touches describes/,
    ],
    [
      'reads in the defaults',
      { defaults: { reads: ['log'] } },
      'LARDER_CONFIG',
      /^defaults\.reads describes/,
    ],
    [
      'lookupKeys in the defaults',
      { defaults: { lookupKeys: [['id']] } },
      'LARDER_CONFIG',
      /^defaults\.lookupKeys describes/,
    ],
    [
      'an object that is no store',
      { store: {} },
      'LARDER_CONFIG',
      /^store is an object: give memoryStore\(\)/,
    ],
    ['null for the store', { store: null }, 'LARDER_CONFIG', /^store is null: leave it out/],
    [
      'memoryStore itself for the store',
      { store: memoryStore },
      'LARDER_CONFIG',
      /^store is a function: give memoryStore\(\)/,
    ],
    [
      'an object that is no codec',
      { codec: JSON },
      'LARDER_CONFIG',
      /^codec is an object: give msgpackCodec\(\)/,
    ],
    ['maxValueBytes 0', { maxValueBytes: 0 }, 'LARDER_CONFIG', /^maxValueBytes is 0: give/],
    ['maxValueBytes NaN', { maxValueBytes: Number.NaN }, 'LARDER_CONFIG', /^maxValueBytes is NaN: give/],
    [
      "maxValueBytes '1tb'",
      { maxValueBytes: '1tb' },
      'LARDER_CONFIG',
      /^maxValueBytes is "1tb": give.*'1mb'/,
    ],
    [
      'an unknown finish',
      { finish: 'later' },
      'LARDER_CONFIG',
      /^finish is "later": give 'background' or 'await'/,
    ],
    [
      'unknownWrites as a boolean',
      { unknownWrites: true },
      'LARDER_CONFIG',
      /^unknownWrites is true: give 'invalidate' or 'event' or 'throw'/,
    ],
    [
      'a memory tier over a memory store',
      { memory: { mode: 'off' } },
      'LARDER_CONFIG',
      /^memory keeps what is on a remote store, and this store is in memory: leave it out/,
    ],
    [
      'an invalid memory',
      { memory: 'push', store: REMOTE },
      'LARDER_CONFIG',
      /^memory is "push": give \{ mode/,
    ],
    [
      'an unknown option of memory',
      { memory: { max: 5 }, store: REMOTE },
      'LARDER_CONFIG',
      /^memory has no option max: there are mode, maxEntries, maxBytes/,
    ],
    [
      'an unknown mode of memory',
      { memory: { mode: 'pull' }, store: REMOTE },
      'LARDER_CONFIG',
      /^memory\.mode is "pull": give 'validate' or 'push' or 'off'/,
    ],
    [
      'zero entries in memory',
      { memory: { maxEntries: 0 }, store: REMOTE },
      'LARDER_CONFIG',
      /^memory\.maxEntries is 0: give a whole number/,
    ],
    [
      'invalid bytes in memory',
      { memory: { maxBytes: '64 megabytes' }, store: REMOTE },
      'LARDER_CONFIG',
      /^memory\.maxBytes is "64 megabytes"/,
    ],
    ['invalid defaults', { defaults: 5 }, 'LARDER_CONFIG', /^defaults is 5: give an object/],
    [
      'an invalid ttl in the defaults',
      { defaults: { ttl: '5x' } },
      'LARDER_DURATION',
      /^defaults\.ttl is "5x"/,
    ],
    [
      'an unknown option in the defaults',
      { defaults: { tll: 1 } },
      'LARDER_CONFIG',
      /^defaults\.tll is not an option/,
    ],
    [
      'a malformed time in the defaults',
      { defaults: { staleIfError: 'soon' } },
      'LARDER_DURATION',
      /^defaults\.staleIfError is "soon"/,
    ],
    ['null for the options', null, 'LARDER_CONFIG', /^createCache is null: give an object/],
    ['text for the options', 'redis://', 'LARDER_CONFIG', /^createCache is "redis:\/\/": give an object/],
  ]
  it.each(mistakes)('%s is refused with its name, its value and the fix', (_, options, code, message) => {
    const error = errorOf(() => createCache(options as CacheOptions))
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
  })
})

describe('durations', () => {
  it.each([
    [0, 0],
    [1.5, 1.5],
    ['250ms', 250],
    ['30s', 30_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['007s', 7_000],
  ])('%j is %i ms', (value, expected) => {
    expect(milliseconds(value, 'x')).toBe(expected)
  })

  it.each([
    '5x',
    '5',
    '',
    's',
    '-1s',
    '+1s',
    '1 s',
    ' 1s',
    '1s ',
    '1s\n',
    '1e3s',
    '.5s',
    '1.s',
    'Infinitys',
    '0x1s',
    '1S',
    '٥s',
    `1${'0'.repeat(400)}d`,
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e300,
    null,
    undefined,
    true,
    5n,
    {},
    [],
    [5],
    new Date(5),
    Symbol('x'),
    Object.create(null),
  ])('%o is not a duration', (value) => {
    const error = errorOf(() => milliseconds(value, 'models.Item.ttl'))
    expect(error.code).toBe('LARDER_DURATION')
    expect(error.message).toMatch(/^models\.Item\.ttl is .*: give a finite number of milliseconds/)
  })
})

describe('sizes', () => {
  it.each([
    [1, 1],
    [1.9, 1],
    ['512b', 512],
    ['1.5kb', 1_536],
    ['1mb', 1_048_576],
    ['2gb', 2_147_483_648],
  ])('%j is %i bytes', (value, expected) => {
    expect(bytes(value, 'x')).toBe(expected)
  })

  it.each([
    0,
    -1,
    0.5,
    '0.1b',
    '0kb',
    '1tb',
    '1',
    '',
    '-1kb',
    '1 kb',
    '1KB',
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    undefined,
    true,
    5n,
    {},
    [1],
  ])('%o is not a size', (value) => {
    expect(errorOf(() => bytes(value, 'maxValueBytes')).message).toMatch(
      /^maxValueBytes is .*: give a positive number/,
    )
  })
})

describe('values in errors', () => {
  const cyclic: unknown[] = []
  cyclic.push(cyclic)
  it.each([
    ['a"b', '"a\\"b"'],
    [5n, '5'],
    [Number.NaN, 'NaN'],
    [null, 'null'],
    [undefined, 'undefined'],
    [Symbol('x'), 'Symbol(x)'],
    [() => 1, 'a function'],
    [Object.create(null), 'an object'],
    [['a', 1, [2]], '["a", 1, […]]'],
    [cyclic, '[[…]]'],
  ])('%o is shown as short text', (value, expected) => {
    expect(show(value)).toBe(expected)
  })
})
