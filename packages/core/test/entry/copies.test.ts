import assert from 'node:assert/strict'
import { sized } from '@larder/testing'
import { Decimal } from 'decimal.js'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { msgpackCodec } from '../../src/codec/msgpack.ts'
import { copyable, copyOf } from '../../src/entry/decoded-values.ts'
import { anyValue, types } from '../codec/values.ts'

const codec = msgpackCodec().bind(types)

/** Objects of a value that could be changed in place, at any depth. */
function containers(value: unknown, objects = new Set<object>()): ReadonlySet<object> {
  if (typeof value !== 'object' || value === null || objects.has(value)) return objects
  objects.add(value)
  for (const item of Object.values(value)) containers(item, objects)
  return objects
}

it('every decoded value that is copyable is copied exactly and shares no object with its copy', () => {
  let copied = 0
  fc.assert(
    fc.property(anyValue, (value) => {
      const decoded = codec.decode(new Uint8Array(codec.encode(value)))
      if (!copyable(decoded, types.decimal)) return
      copied++
      const copy = copyOf(decoded, types.decimal)
      assert.deepStrictEqual(copy, decoded)
      const shared = [...containers(copy)].filter((object) => containers(decoded).has(object))
      assert.deepStrictEqual(shared, [])
    }),
    { numRuns: sized(200, 5_000) },
  )
  expect(copied).toBeGreaterThan(50)
})

it.each<[string, unknown]>([
  ['rows of a query', [{ id: 1, at: new Date(5), big: 5n, none: null, tags: ['a'] }]],
  ['undefined, NaN, minus zero', { a: undefined, b: NaN, c: -0, d: [undefined] }],
  ['an invalid date', [new Date(NaN)]],
  ['keys named like Object.prototype members', { constructor: 1, toJSON: { valueOf: 2 } }],
  [
    'decimals',
    ['1.50', '-0', 'NaN', '-Infinity', '1e-30', '1e+400'].map((text) => ({ price: new Decimal(text) })),
  ],
])('%s can be copied', (_, value) => {
  expect(copyable(value, types.decimal)).toBe(true)
  assert.deepStrictEqual(copyOf(value, types.decimal), value)
})

it.each<[string, unknown]>([
  ['bytes', { file: new Uint8Array(2) }],
  ['a map', [new Map()]],
  ['an object without a prototype', { a: Object.create(null) }],
  ['an instance of a class', { a: [new (class Money {})()] }],
  ['a decimal of a host that does not copy it', [new Decimal(1)]],
  ['a list with a hole', { a: Array(2) }],
  ['a property named __proto__', JSON.parse('{"a":{"__proto__":1}}')],
])('%s cannot be copied, so it is decoded each time', (_, value) => {
  expect(copyable(value)).toBe(false)
})
