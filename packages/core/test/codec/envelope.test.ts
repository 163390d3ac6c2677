import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type EntryHeader, open, seal } from '../../src/codec/envelope.ts'

const tag = fc.tuple(fc.string({ unit: 'grapheme' }), fc.string())
const anyHeader: fc.Arbitrary<EntryHeader> = fc.record(
  {
    codec: fc.string(),
    proof: fc.string(),
    epoch: fc.string(),
    lifetime: fc.nat(),
    empty: fc.boolean(),
    loadTime: fc.nat(),
    grace: fc.nat(),
    tags: fc.array(
      fc.record({
        record: fc.string({ unit: 'grapheme' }),
        fields: fc.array(tag),
        cells: fc.array(tag),
        resultCells: fc.array(tag),
      }),
      { maxLength: 4 },
    ),
  },
  { noNullPrototype: true },
)

const header: EntryHeader = {
  codec: 'msgpack',
  proof: 'kGN1yFPX3mXHnXSH4nLGjA',
  epoch: 'e1',
  lifetime: 600_000,
  empty: false,
  loadTime: 12,
  grace: 30_000,
  tags: [
    { record: 'shop:t:{main.product}', fields: [['list', 'n1']], cells: [['id=5', 'n2']], resultCells: [] },
  ],
}

describe('the entry envelope', () => {
  it('header and payload round-trip exactly', () => {
    fc.assert(
      fc.property(anyHeader, fc.uint8Array(), (some, payload) => {
        const entry = open(seal(some, payload))
        expect(entry.header).toEqual(some)
        expect([...entry.payload]).toEqual([...payload])
      }),
    )
  })

  it('an envelope inside a larger buffer can be opened', () => {
    const sealed = seal(header, new Uint8Array([1, 2, 3]))
    const memory = new Uint8Array(sealed.length + 20)
    memory.set(sealed, 7)
    expect(open(memory.subarray(7, 7 + sealed.length)).header).toEqual(header)
  })

  it('a sealed entry has memory of its own', () => {
    const sealed = seal(header, new Uint8Array(5))
    expect(sealed.buffer.byteLength).toBe(sealed.length)
  })

  it('every truncation throws', () => {
    const sealed = seal(header, new Uint8Array([1, 2, 3]))
    for (let end = 0; end < sealed.length; end++)
      expect(() => open(sealed.subarray(0, end))).toThrow(/Larder/)
  })

  it('trailing bytes throw', () => {
    expect(() => open(Buffer.concat([seal(header, new Uint8Array(3)), Buffer.from('x')]))).toThrow(/damaged/)
  })

  it('a change of any byte, in the header or the payload, throws', () => {
    const sealed = seal(header, new Uint8Array([1, 2, 3]))
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = Uint8Array.from(sealed)
        damaged[at] = (damaged[at] ?? 0) ^ flip
        expect(() => open(damaged)).toThrow(/Larder/)
      }),
    )
  })

  it('bytes from elsewhere throw', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        (bytes) => void expect(() => open(bytes)).toThrow(/not an entry/),
      ),
    )
  })

  it('the error for a newer format names that format', () => {
    const sealed = seal(header, new Uint8Array(1))
    sealed[3] = 3
    expect(() => open(sealed)).toThrow(/format 3/)
  })
})
