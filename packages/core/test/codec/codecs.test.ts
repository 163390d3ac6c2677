import assert from 'node:assert/strict'
import { sized } from '@larder/testing'
import { Decimal } from 'decimal.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BoundCodec } from '../../src/codec/codec.ts'
import { msgpackCodec } from '../../src/codec/msgpack.ts'
import { superjsonCodec } from '../../src/codec/superjson.ts'
import { anyValue, types } from './values.ts'

const codecs = [msgpackCodec(), superjsonCodec()]

// A copy with its own memory, as a store would hand it back.
const travel = (codec: BoundCodec, value: unknown, dataDepth?: number): unknown =>
  codec.decode(new Uint8Array(codec.encode(value, dataDepth)))

// As a value of the application, and as rows that the host has built.
const exactly = (codec: BoundCodec, value: unknown): void => {
  for (const dataDepth of [undefined, 2, Number.POSITIVE_INFINITY])
    assert.deepStrictEqual(travel(codec, value, dataDepth), value)
}

const DAY = new Date(5)

class Money {
  amount = 5
}

describe.each(codecs)('$name', ({ bind }) => {
  const codec = bind(types)

  it('any nested value round-trips exactly, including prototypes', () => {
    fc.assert(
      fc.property(anyValue, (value) => exactly(codec, value)),
      { numRuns: sized(200, 5_000) },
    )
  })

  it.each<[string, unknown]>([
    ['undefined at the top', undefined],
    ['null at the top', null],
    ['an empty string', ''],
    ['minus zero', [-0, 0, { a: -0 }]],
    ['an integer above 2^53', [2 ** 53 + 2, -(2 ** 60), 2 ** 63, 2 ** 64]],
    ['int32 edges', [2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32 - 1, 2 ** 32]],
    ['bigint edges', [2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n, 2n ** 64n, 0n, 2n ** 900n]],
    [
      'dates',
      [new Date(0), new Date(-1), new Date(8.64e15), new Date(-8.64e15), new Date(1e12 + 1), new Date(NaN)],
    ],
    ['decimals', ['1.50', '-0', 'NaN', '-Infinity', '1e-30', '1e+400'].map((text) => new Decimal(text))],
    ['a property that is undefined', { a: undefined, b: 1 }],
    ['undefined in a list', [undefined, 1, undefined]],
    ['a null-prototype object', Object.assign(Object.create(null), { a: 1, b: new Date(1) })],
    ['a key named __proto__', JSON.parse('{"__proto__":{"polluted":true},"a":{"__proto__":1}}')],
    [
      'keys that libraries handle badly',
      JSON.parse('{"constructor":1,"prototype":2,"toJSON":3,"__keys__":4,"hasOwnProperty":5}'),
    ],
    [
      'columns named constructor and toJSON',
      JSON.parse('[{"constructor":{},"toJSON":true},{"constructor":{},"toJSON":{}}]'),
    ],
    ['numeric-looking keys', { 10: 'a', 2: 'b', '01': 'c', '-1': 'd', '1.5': 'e' }],
    ['lone surrogates', ['\ud800', `${'x'.repeat(80)}\udfff`, { '\udc00': '\ud83d\ude00' }]],
    [
      'maps of maps',
      new Map<unknown, unknown>([
        [{ a: 1 }, new Map([[1n, new Set([NaN])]])],
        [undefined, -0],
      ]),
    ],
    [
      'a map that looks like an encoded special value',
      [new Map([[2, 5]]), new Map([[6, new Map([[0, 1]])]])],
    ],
    ['an object that looks like superjson output', { json: [1], meta: { values: ['Date'] } }],
    [
      'empty containers',
      [{}, [], new Map(), new Set(), new Uint8Array(), Buffer.alloc(0), new ArrayBuffer(0)],
    ],
    [
      'all typed arrays',
      [Int8Array, Uint8ClampedArray, Uint16Array, Int32Array, Uint32Array, Float32Array].map((C) =>
        C.of(1, 2, 300),
      ),
    ],
    ['64-bit typed arrays', [BigInt64Array.of(-1n), BigUint64Array.of(2n), Float64Array.of(NaN, -0)]],
    ['a shared reference', [DAY, DAY, { c: DAY }]],
  ])('%s round-trips exactly', (_, value) => exactly(codec, value))

  it.each(['constructor', 'prototype', 'toJSON', '__keys__', 'hasOwnProperty', 'then', 'a.b', ''])(
    'rows with a column named %j round-trip exactly',
    (name) =>
      exactly(codec, [{ a: 1 }, { a: 1, [name]: new Date(2) }, { a: 1, [name]: 'x', b: 3 }, { [name]: {} }]),
  )

  it('a column named like the __keys__ property of msgpackr round-trips exactly', () => {
    exactly(codec, [
      { a: 1 },
      { a: 1, __keys__: 2, length: 3 },
      { a: 4 },
      { a: 5, __keys__: { length: 6 }, length: 7 },
    ])
  })

  it('300 record shapes in one entry round-trip exactly', () => {
    const rows = Array.from({ length: 900 }, (_, i) => ({
      [`k${i % 300}`]: i,
      [`l${i % 7}`]: { [`m${i % 90}`]: [i] },
    }))
    exactly(codec, rows)
  })

  it('an object with 70,000 keys round-trips exactly', () => {
    exactly(codec, Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`key${i}`, i])))
  })

  it('400 levels of nesting round-trip, and 600 are refused', () => {
    const nest = (levels: number): unknown => (levels === 0 ? 1 : { a: [nest(levels - 2)] })
    exactly(codec, nest(400))
    expect(() => codec.encode(nest(600))).toThrow(/nested deeper/)
  })

  it('a Buffer stays a Buffer and a Uint8Array stays a Uint8Array, each with memory of its own', () => {
    const bytes = codec.encode([
      Buffer.from('abc'),
      new Uint8Array([1, 2, 3]),
      new Uint8Array([9, 8, 7, 6]).subarray(1, 3),
    ])
    const [buffer, plain, part] = codec.decode(bytes) as [Buffer, Uint8Array, Uint8Array]
    expect(Object.getPrototypeOf(buffer)).toBe(Buffer.prototype)
    expect(Object.getPrototypeOf(plain)).toBe(Uint8Array.prototype)
    expect(plain.buffer.byteLength).toBe(3)
    expect([...part]).toEqual([8, 7])
    bytes.fill(0)
    expect([...plain]).toEqual([1, 2, 3])
    expect(buffer.toString()).toBe('abc')
  })

  it.each<[string, unknown, RegExp]>([
    ['a function', { a: [() => 1] }, /a function at a\[0\]/],
    ['a symbol', { a: Symbol('x') }, /a symbol at a/],
    ['a class instance', { rows: [{ price: new Money() }] }, /instance of Money at rows\[0\]\.price/],
    ['a subclass of Date', new (class Day extends Date {})(), /instance of Day/],
    ['a subclass of Array', new (class List extends Array {})(), /instance of List/],
    ['an error', new Error('x'), /instance of Error/],
    ['a regular expression', { a: /x/g }, /instance of RegExp/],
    ['a promise', Promise.resolve(1), /instance of Promise/],
    ['a boxed number', Object(5), /instance of Number/],
    [
      'a getter',
      {
        get now() {
          return 1
        },
      },
      /an accessor at now/,
    ],
    [
      'a getter below a key that needs quoting',
      JSON.parse('{"__proto__":1}', (k, v) => {
        if (k === '') Object.defineProperty(v, 'x', { get: () => 1, enumerable: true })
        return v
      }),
      /accessor/,
    ],
    ['a non-enumerable property', Object.defineProperty({}, 'x', { value: 1 }), /hidden property at x/],
    ['a symbol key', { [Symbol('s')]: 1 }, /symbol keys/],
    // biome-ignore lint/suspicious/noSparseArray: a hole is what this is about
    ['a hole in a list', [1, , 2], /holes/],
    ['a hole in a long list', Object.assign(new Array(100)), /hole/],
    ['properties on a list', Object.assign([1], { index: 1 }), /properties/],
    ['properties on a date', Object.assign(new Date(), { zone: 1 }), /properties/],
    ['shared memory', new Uint8Array(new SharedArrayBuffer(4)), /shared memory/],
  ])('%s is refused with an error that names its path', (_, value, message) => {
    expect(() => codec.encode(value)).toThrow(expect.objectContaining({ code: 'LARDER_UNENCODABLE' }))
    expect(() => codec.encode(value)).toThrow(message)
  })

  it('a cycle through objects, lists, maps or sets is refused', () => {
    const object: Record<string, unknown> = { b: 1 }
    object.a = [object, object]
    const map = new Map<unknown, unknown>()
    map.set(1, new Set([map]))
    expect(() => codec.encode(object)).toThrow(/cycle/)
    expect(() => codec.encode(map)).toThrow(/cycle/)
  })

  it('encoding does not change the value', () => {
    const value = { at: new Date(1), list: [1n, undefined], map: new Map([[1, new Date(2)]]) }
    const before = structuredClone(value)
    codec.encode(Object.freeze(value))
    assert.deepStrictEqual(value, before)
  })

  it('values marked as built by the host are encoded to the same bytes without the checks', () => {
    fc.assert(
      fc.property(anyValue, fc.constantFrom(1, 2, Number.POSITIVE_INFINITY), (value, depth) =>
        assert.deepStrictEqual(Buffer.from(codec.encode(value, depth)), Buffer.from(codec.encode(value))),
      ),
      { numRuns: sized(120, 3_000) },
    )
  })

  it.each<[string, unknown, RegExp]>([
    [
      'an accessor',
      Object.defineProperty({}, 'x', { get: () => 1, enumerable: true }),
      /accessor at \[0\]\[0\]\.x/,
    ],
    ['a non-enumerable property', Object.defineProperty({}, 'x', { value: 1 }), /hidden property/],
    ['a symbol key', { [Symbol('s')]: 1 }, /symbol keys/],
    ['properties on a list', Object.assign([1], { index: 1 }), /properties/],
    ['a class instance', new Money(), /instance of Money/],
  ])('%s below the depth built by the host is refused', (_, value, message) => {
    expect(() => codec.encode([[value]], 2)).toThrow(message)
  })

  it('classes, functions and cycles are refused at any depth built by the host', () => {
    const cycle: unknown[] = []
    cycle.push({ cycle })
    for (const value of [[new Money()], { a: () => 1 }, cycle])
      expect(() => codec.encode(value, Number.POSITIVE_INFINITY)).toThrow(
        expect.objectContaining({ code: 'LARDER_UNENCODABLE' }),
      )
  })

  it('encoding works after a value was refused', () => {
    expect(() => codec.encode([{ a: 1 }, () => 1])).toThrow()
    exactly(codec, [{ a: 1 }, { a: 2 }])
  })

  it('truncated or lengthened bytes never decode to the original value', () => {
    const value = [{ id: 1, name: 'one', at: new Date(5), raw: new Uint8Array([1, 2]) }, { id: 2 }]
    const bytes = codec.encode(value)
    for (let end = 0; end < bytes.length; end++) expect(() => codec.decode(bytes.subarray(0, end))).toThrow()
    expect(() => codec.decode(Buffer.concat([bytes, Buffer.from('x')]))).toThrow()
    exactly(codec, value)
  })

  it('bytes from elsewhere throw an Error or decode to some value, and the next entry decodes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          codec.decode(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
        }
      }),
      { numRuns: sized(200, 5_000) },
    )
    exactly(codec, [{ id: 1 }])
  })

  it('a decimal is refused if the host has no decimal type', () => {
    expect(() => bind({}).encode(new Decimal(1))).toThrow(/instance of/)
  })
})

describe('msgpack', () => {
  it('a msgpackr extension registered by the application does not affect entries', async () => {
    const { addExtension } = await import('msgpackr')
    const codec = msgpackCodec().bind(types)
    const value = [new Date(7), new Set([1]), new Uint8Array([1]), undefined, -0]
    for (const Class of [Date, Set, Uint8Array])
      addExtension({ Class, type: 40, pack: () => Buffer.from([1]), unpack: () => 'theirs' } as never)
    exactly(codec, value)
  })

  it('column names are written once per entry', () => {
    const rows = Array.from({ length: 50 }, (_, id) => ({ id, aVeryLongColumnName: id }))
    const text = Buffer.from(msgpackCodec().bind(types).encode(rows)).toString('latin1')
    expect(text.split('aVeryLongColumnName')).toHaveLength(2)
  })
})

describe('superjson', () => {
  it('an entry is readable JSON', () => {
    const bytes = superjsonCodec()
      .bind(types)
      .encode({ name: 'Pear', price: new Decimal('1.50'), at: new Date(0) })
    expect(JSON.parse(Buffer.from(bytes).toString()).json).toEqual({
      name: 'Pear',
      price: { Decimal: '1.5' },
      at: '1970-01-01T00:00:00.000Z',
    })
  })
})
