import assert from 'node:assert/strict'
import { sized } from '@larder/testing'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { msgpackCodec } from '../../src/codec/msgpack.ts'
import { RecordShapes } from '../../src/codec/record-shapes.ts'

const { encode, decode } = msgpackCodec().bind({})

/** The keys of a record as MessagePack writes them: a list of short texts. */
function keysOf(keys: readonly string[]): Buffer {
  const head = keys.length < 16 ? [0x90 | keys.length] : [0xdc, keys.length >> 8, keys.length & 0xff]
  return Buffer.concat([
    Buffer.from(head),
    ...keys.map((key) => Buffer.from([0xa0 | key.length, ...Buffer.from(key)])),
  ])
}

const reading = (values: readonly unknown[]) => {
  let at = 0
  return { value: () => values[at++] }
}

afterEach(() => vi.unstubAllGlobals())

describe('shapes of records', () => {
  it('the same keys at another place have the same shape', () => {
    const shapes = new RecordShapes()
    const keys = keysOf(['id', 'name'])
    expect(shapes.find(keys, 0)).toBeUndefined()
    const shape = shapes.add(keys, 0, keys.length, ['id', 'name'])
    const elsewhere = Buffer.concat([Buffer.from('..'), keys, Buffer.from('rest')])
    expect(shapes.find(elsewhere, 2)).toBe(shape)
    expect(shape.bytes.buffer).not.toBe(keys.buffer)
  })

  it('keys that begin alike have shapes of their own', () => {
    const shapes = new RecordShapes()
    const lists = [
      ['id'],
      ['id', 'a'],
      ['id', 'b'],
      ['id', 'ab'],
      [],
      Array.from({ length: 20 }, (_, at) => `k${at}`),
    ]
    const added = lists.map((keys) => shapes.add(keysOf(keys), 0, keysOf(keys).length, keys))
    for (const [index, keys] of lists.entries())
      expect(shapes.find(Buffer.concat([keysOf(keys), Buffer.from([1, 2])]), 0)).toBe(added[index])
    expect(shapes.find(keysOf(['id', 'c']), 0)).toBeUndefined()
    expect(shapes.find(keysOf(['id', 'a']).subarray(0, 4), 0)).toBeUndefined()
  })

  it('a shape in use is remembered while thousands of others come and go', () => {
    const shapes = new RecordShapes()
    const keys = keysOf(['id', 'name'])
    const shape = shapes.add(keys, 0, keys.length, ['id', 'name'])
    const first = keysOf(['n0'])
    shapes.add(first, 0, first.length, ['n0'])
    for (let at = 1; at < 3_000; at++) {
      const other = keysOf([`n${at}`])
      shapes.add(other, 0, other.length, [`n${at}`])
      if (at % 100 === 0) expect(shapes.find(keys, 0)).toBe(shape)
    }
    expect(shapes.find(first, 0)).toBeUndefined()
  })

  it('keys of more than 4 kB are not remembered', () => {
    const shapes = new RecordShapes()
    const long = Array.from({ length: 300 }, (_, at) => `a column with a long name ${at}`.slice(0, 31))
    const keys = keysOf(long)
    shapes.add(keys, 0, keys.length, long)
    expect(shapes.find(keys, 0)).toBeUndefined()
  })

  it.each([[['id', '__proto__']], [['id', 5]], ['id'], [undefined]])('%j are no keys', (keys) => {
    expect(() => new RecordShapes().add(keysOf(['id']), 0, 4, keys)).toThrow(/keys/)
  })

  it('a record is the same before and after its shape is compiled', () => {
    const keys = ['id', '0', 'a b', 'constructor', '\u2028', '"']
    const shape = new RecordShapes().add(keysOf(keys), 0, 1, keys)
    const records = Array.from({ length: 5 }, () => shape.read(reading([1, 2, 3, 4, 5, 6])))
    for (const record of records)
      assert.deepStrictEqual(record, { 0: 2, id: 1, 'a b': 3, constructor: 4, '\u2028': 5, '"': 6 })
    expect(new Set(records.map((record) => Object.keys(record).join())).size).toBe(1)
  })

  it('a platform that forbids to make functions from text reads the same', () => {
    vi.stubGlobal('Function', () => {
      throw new EvalError('Code generation from strings disallowed for this context')
    })
    const shape = new RecordShapes().add(keysOf(['id']), 0, 1, ['id'])
    for (let id = 0; id < 10; id++) expect(shape.read(reading([id]))).toEqual({ id })
  })
})

describe('the MessagePack reader', () => {
  it('entries of many shapes, read in turns, round-trip exactly', () => {
    const column = fc.constantFrom('id', 'name', 'at', 'owner', 'price', 'a column', 'é')
    const record = fc
      .uniqueArray(column, { maxLength: 6 })
      .map((keys) => Object.fromEntries(keys.map((key, at) => [key, at])))
    fc.assert(
      fc.property(fc.array(fc.oneof(record, fc.array(record, { maxLength: 80 }))), (values) => {
        for (const value of values) assert.deepStrictEqual(decode(encode(value)), value)
      }),
      { numRuns: sized(50, 1_000) },
    )
  })

  it('an entry with more shapes than MessagePack has numbers for round-trips exactly', () => {
    const shapes = Array.from({ length: 150 }, (_, at) => ({ [`k${at}`]: at, same: true }))
    const value = [...shapes, ...shapes, ...shapes]
    assert.deepStrictEqual(decode(encode(value)), value)
  })

  it('texts of every length and alphabet round-trip exactly, in entries of many kilobytes', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.string({ unit: 'grapheme', maxLength: 150 }),
      fc.integer({ min: 60, max: 5_000 }).map((length) => 'x'.repeat(length)),
    )
    fc.assert(
      fc.property(fc.array(text, { maxLength: 60, size: 'max' }), (texts) =>
        assert.deepStrictEqual(decode(encode(texts)), texts),
      ),
      { numRuns: sized(50, 1_000) },
    )
  })

  it('numbers at the bounds of every encoding round-trip exactly', () => {
    const bounds = [5, 6, 7, 8, 15, 16, 31, 32, 48, 52, 53].flatMap((bits) => [
      2 ** bits - 1,
      2 ** bits,
      2 ** bits + 1,
    ])
    const numbers = [
      ...bounds,
      ...bounds.map((bound) => -bound),
      0.1,
      -0.5,
      1e300,
      5e-324,
      Number.POSITIVE_INFINITY,
    ]
    const integers = [2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n, 2n ** 70n, -1n, 0n]
    assert.deepStrictEqual(decode(encode([...numbers, ...integers])), [...numbers, ...integers])
  })
})
