import { Decimal } from 'decimal.js'
import fc from 'fast-check'
import type { ValueTypes } from '../../src/codec/codec.ts'

/** A host with decimal.js, as Prisma is. */
export const types: ValueTypes = {
  decimal: {
    is: (value) => value instanceof Decimal,
    text: (value) => (value as Decimal).valueOf(),
    make: (text) => new Decimal(text),
    copy: (value) => new Decimal(value as Decimal),
  },
}

const decimal = fc.oneof(
  fc.constantFrom('NaN', 'Infinity', '-Infinity', '-0', '0', '1e-40', '12345678901234567890.123456789'),
  fc
    .tuple(fc.bigInt(), fc.integer({ min: 0, max: 20 }))
    .map(([digits, exponent]) => `${digits}e-${exponent}`),
)

const anyString = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 90 }),
  fc.string({ maxLength: 20 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 80 })
    .map((units) => String.fromCharCode(...units)),
)

const oddKey = fc.constantFrom(
  '__proto__',
  '__keys__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toJSON',
  'toString',
  'valueOf',
  'length',
  'then',
  '',
  '0',
  '1',
  '42',
  '-1',
  '1.5',
  'a.b',
  'a\\.b',
  'a\\',
  'json',
  'meta',
  '\ud800',
  'é',
  '\u2028',
  'a b',
)

const key = fc.oneof(oddKey, anyString, fc.string({ minLength: 1, maxLength: 6 }))

function objectOf(pairs: readonly (readonly [string, unknown])[], bare: boolean): object {
  const object: object = bare ? Object.create(null) : {}
  for (const [name, value] of pairs)
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
  return object
}

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  anyString,
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(
    -0,
    0,
    2 ** 31,
    2 ** 32,
    -(2 ** 31) - 1,
    2 ** 53,
    2 ** 63,
    1e300,
    Number.MIN_VALUE,
    NaN,
    Infinity,
    -Infinity,
  ),
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.bigInt({ min: -(2n ** 63n) - 2n, max: -(2n ** 63n) + 2n }),
  fc.bigInt({ min: 2n ** 63n - 2n, max: 2n ** 64n + 2n }),
  fc.constantFrom(2n ** 4000n, -(2n ** 4000n)),
  fc.date({ noInvalidDate: false }),
  decimal.map((text) => new Decimal(text)),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc.uint8Array(),
  fc.uint8Array().map((bytes) => bytes.buffer.slice(0, bytes.length)),
  fc.int16Array(),
  fc.float64Array(),
  fc.bigUint64Array(),
)

/** Any value codecs promise to carry, nested. */
export const anyValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => {
  const value = tie('value')
  const nested = fc.oneof(
    fc.array(value, { maxLength: 6 }),
    fc.array(fc.record({ id: leaf, name: leaf, at: value }), { maxLength: 6 }),
    fc
      .tuple(fc.array(fc.tuple(key, value), { maxLength: 6 }), fc.boolean())
      .map(([pairs, bare]) => objectOf(pairs, bare)),
    fc.array(fc.tuple(value, value), { maxLength: 4 }).map((pairs) => new Map(pairs)),
    fc.array(value, { maxLength: 4 }).map((items) => new Set(items)),
  )
  return { value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, nested) }
}).value
