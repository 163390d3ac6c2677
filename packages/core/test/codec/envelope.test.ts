import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type EntryHeader, open, payloadUnder, seal, tagCount } from '../../src/codec/envelope.ts'

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

  it.each([2, 4])('the error for format %i names that format', (format) => {
    const sealed = seal(header, new Uint8Array(1))
    sealed[3] = format
    expect(() => open(sealed)).toThrow(new RegExp(`format ${format}`))
  })

  it('names of cells and nonces round-trip exactly, however they begin and end', () => {
    const record = fc.constantFrom('{shop:main:item}', '', '!', ':', '{shop:tag:a}')
    const name = fc.oneof(
      fc.tuple(record, fc.constantFrom('', ':', '!', ':p1(id)=5', '!:', ':!')).map((parts) => parts.join('')),
      fc.string(),
    )
    const nonce = fc.oneof(
      fc.tuple(fc.string(), fc.constantFrom('', '@', '@a', '@b', 'a', '@a@b')).map((parts) => parts.join('')),
      fc.string(),
    )
    const tags = fc.array(fc.tuple(name, nonce), { maxLength: 3 })
    const table = fc.record(
      { record, fields: tags, cells: tags, resultCells: tags },
      { noNullPrototype: true },
    )
    const captured = table.map((each) => ({ ...each, captured: true as const }))
    fc.assert(
      fc.property(fc.array(fc.oneof(table, captured), { maxLength: 4 }), (some) => {
        expect(open(seal({ ...header, tags: some }, new Uint8Array(2))).header.tags).toEqual(some)
      }),
    )
  })

  it('the name of a record and the end of its nonces are written once', () => {
    const table = '{shop:main:item}'
    const cells = [5, 6, 7].map((id) => [`${table}:p1(id:integer)=${id}`, `nonce${id}@server`] as const)
    const fields = [['p1(id:integer)', 'nonce@server']] as const
    const sealed = seal(
      { ...header, tags: [{ record: table, fields, cells, resultCells: [] }] },
      new Uint8Array(0),
    )
    const text = Buffer.from(sealed).toString('latin1')
    expect(text.split(table)).toHaveLength(2)
    expect(text.split('@server')).toHaveLength(2)
    expect(tagCount(sealed)).toEqual({ tables: 1, cells: 3 })
  })
})

describe('the payload under a known header', () => {
  const payload = new Uint8Array([1, 2, 3])
  const sealed = seal(header, payload)
  const known = Buffer.from(sealed.subarray(0, sealed.length - payload.length))

  it('is found under an equal header', () => {
    const other = seal(header, new Uint8Array([4, 5]))
    expect([...(payloadUnder(other, known) ?? [])]).toEqual([4, 5])
    expect([...(payloadUnder(seal(header, new Uint8Array(0)), known) ?? [1])]).toEqual([])
  })

  it('is not found under another header, or one of another format', () => {
    expect(payloadUnder(seal({ ...header, epoch: 'e2' }, payload), known)).toBeUndefined()
    expect(payloadUnder(seal({ ...header, codec: 'msgpacked' }, payload), known)).toBeUndefined()
    const newer = Uint8Array.from(sealed)
    newer[3] = 4
    expect(payloadUnder(newer, known)).toBeUndefined()
  })

  it('is not found in a truncated or a damaged entry', () => {
    for (let end = 0; end < sealed.length; end++)
      expect(payloadUnder(sealed.subarray(0, end), known)).toBeUndefined()
    for (let at = 0; at < sealed.length; at++) {
      const damaged = Uint8Array.from(sealed)
      damaged[at] = (damaged[at] ?? 0) ^ 1
      expect(payloadUnder(damaged, known)).toBeUndefined()
    }
  })
})
