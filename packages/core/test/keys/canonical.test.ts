import { isDeepStrictEqual } from 'node:util'
import { AnyNull, DbNull, JsonNull, Decimal as PrismaDecimal, skip } from '@prisma/client/runtime/client'
import { Decimal } from 'decimal.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical } from '../../src/keys/canonical.ts'

const distinct: [string, unknown][] = [
  ['number', 1],
  ['bigint', 1n],
  ['string', '1'],
  ['true', true],
  ['the word true', 'true'],
  ['null', null],
  ['the word null', 'null'],
  ['undefined', undefined],
  ['zero', 0],
  ['minus zero', -0],
  ['NaN', NaN],
  ['the word NaN', 'NaN'],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['a date', new Date(1)],
  ['its ISO string', new Date(1).toISOString()],
  ['an invalid date', new Date(NaN)],
  ['a decimal', new Decimal(1)],
  ['decimal NaN', new Decimal(NaN)],
  ['decimal 1.5', new Decimal('1.5')],
  ['bytes', new Uint8Array([1])],
  ['a list of bytes', [1]],
  ['their base64', 'AQ=='],
  ['Int8Array', new Int8Array([1])],
  ['ArrayBuffer', new Uint8Array([1]).buffer],
  ['an empty list', []],
  ['an empty object', {}],
  ['an empty map', new Map()],
  ['an empty set', new Set()],
  ['a set', new Set([1])],
  ['a map', new Map([[1, 1]])],
  ['an object', { 1: 1 }],
  ['nested lists', [[1]]],
  ['two lists', [[], [1]]],
  ['undefined in a list', [undefined]],
  ['a hole', new Array(1)],
  ['null in a list', [null]],
  ['a URL', new URL('http://a/')],
  ['its text', 'http://a/'],
  ['DbNull', DbNull],
  ['JsonNull', JsonNull],
  ['AnyNull', AnyNull],
  ['skip in a list', [skip]],
  ['a lone surrogate', '\ud800'],
  ['another', '\ud801'],
  ['the replacement', '\ufffd'],
  ['a quote', '"'],
  ['text that looks encoded', '{a:1,}'],
  ['such an object', { a: 1 }],
  ['such a key', { 'a:1,b': 1 }],
  ['two keys', { a: 1, b: 1 }],
  ['__proto__', JSON.parse('{"__proto__":1}')],
  ['a Set-like class name', new (class S extends Int8Array {})(1)],
]

describe('canonical', () => {
  it('different arguments have different texts', () => {
    const argumentOf = new Map<string, string>()
    for (const [name, value] of distinct) {
      const text = canonical(value)
      expect(argumentOf.get(text), `${name} has the text of`).toBeUndefined()
      argumentOf.set(text, name)
    }
  })

  it('the order of keys, map entries and set members is ignored', () => {
    expect(canonical({ a: { x: 1, y: 2 }, b: 3 })).toBe(canonical({ b: 3, a: { y: 2, x: 1 } }))
    expect(
      canonical(
        new Map([
          ['a', 1],
          ['b', 2],
        ]),
      ),
    ).toBe(
      canonical(
        new Map([
          ['b', 2],
          ['a', 1],
        ]),
      ),
    )
    expect(canonical(new Set([1, 'a']))).toBe(canonical(new Set(['a', 1])))
  })

  it('an undefined or skipped property is ignored', () => {
    expect(canonical({ where: { id: undefined, sku: skip } })).toBe(canonical({ where: {} }))
  })

  it('equal bytes, decimals and plain objects have equal texts, whatever their classes', () => {
    expect(canonical(Buffer.from('abc'))).toBe(canonical(new Uint8Array(Buffer.from('abc'))))
    expect(canonical(new Decimal('1.50'))).toBe(canonical(new PrismaDecimal('1.5')))
    expect(canonical(Object.assign(Object.create(null), { a: 1 }))).toBe(canonical({ a: 1 }))
  })

  it("a host's own decimal class is recognized by the host's types", () => {
    class Cents {
      cents = 150
    }
    const types = {
      decimal: { is: (v: unknown) => v instanceof Cents, text: () => '1.5', make: () => new Cents() },
    }
    expect(canonical(new Cents(), types)).toBe(canonical(new Decimal('1.5')))
    expect(() => canonical(new Cents())).toThrow(/instance of Cents/)
  })

  it('field references differ by model and name', () => {
    class FieldRef {
      modelName: string
      name: string
      typeName = 'Int'
      isList = false
      isEnum = false
      constructor(modelName: string, name: string) {
        this.modelName = modelName
        this.name = name
      }
      _toGraphQLInputType(): string {
        return ''
      }
    }
    expect(canonical(new FieldRef('User', 'id'))).toBe(canonical(new FieldRef('User', 'id')))
    expect(canonical(new FieldRef('User', 'id'))).not.toBe(canonical(new FieldRef('Post', 'id')))
    expect(canonical(new FieldRef('User', 'id'))).not.toBe(canonical(new FieldRef('User', 'name')))
  })

  it.each<[string, unknown, RegExp]>([
    ['a function', { where: { id: () => 1 } }, /at where\.id is a function/],
    ['a symbol', { a: [1, Symbol('x')] }, /at a\[1\] is a symbol/],
    [
      'an unknown class',
      { where: { AND: [{ at: new (class Moment {})() }] } },
      /at where\.AND\[0\]\.at is an instance of Moment/,
    ],
    ['an object with toJSON', { toJSON: () => 1 }, /at toJSON is a function/],
    ['a symbol key', { [Symbol('x')]: 1 }, /symbol keys/],
    ['a function at the top', () => 1, /at the top/],
  ])('%s is refused with an error that names its path', (_, value, message) => {
    expect(() => canonical(value)).toThrow(expect.objectContaining({ code: 'LARDER_UNENCODABLE' }))
    expect(() => canonical(value)).toThrow(message)
  })

  it('a cycle is refused', () => {
    const cycle: Record<string, unknown> = {}
    cycle.self = [cycle, cycle]
    expect(() => canonical(cycle)).toThrow(/cycle/)
  })

  const leaf = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.bigInt(),
    fc.boolean(),
    fc.constant(null),
    fc.date(),
  )
  const tree = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('node'), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie('node'), { maxKeys: 4, noNullPrototype: true }),
    ),
  })).node

  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed)
    if (typeof value !== 'object' || value === null || value instanceof Date) return value
    const out = {}
    for (const [name, item] of Object.entries(value).reverse())
      Object.defineProperty(out, name, { value: reversed(item), enumerable: true })
    return out
  }

  it('reversing the keys at every level does not change the text', () => {
    fc.assert(fc.property(tree, (value) => void expect(canonical(reversed(value))).toBe(canonical(value))))
  })

  it('two trees have the same text exactly when they are equal', () => {
    fc.assert(
      fc.property(tree, tree, (first, second) => {
        expect(canonical(first) === canonical(second)).toBe(isDeepStrictEqual(first, second))
      }),
    )
  })

  it('changing one leaf changes the text', () => {
    fc.assert(
      fc.property(tree, leaf, leaf, (rest, first, second) => {
        fc.pre(!isDeepStrictEqual(first, second))
        expect(canonical({ rest, deep: [{ leaf: first }] })).not.toBe(
          canonical({ rest, deep: [{ leaf: second }] }),
        )
      }),
    )
  })

  it('texts are well-formed strings', () => {
    fc.assert(fc.property(tree, (value) => void expect(canonical(value).isWellFormed()).toBe(true)))
  })
})
