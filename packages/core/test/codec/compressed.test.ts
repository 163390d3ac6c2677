import assert from 'node:assert/strict'
import { sized } from '@larder/testing'
import { Decimal } from 'decimal.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createCache } from '../../src/cache.ts'
import { compressed, compressedBy } from '../../src/codec/compressed.ts'
import { type Compression, deflate, zstd } from '../../src/codec/compression.ts'
import { msgpackCodec } from '../../src/codec/msgpack.ts'
import { superjsonCodec } from '../../src/codec/superjson.ts'
import { memoryStore } from '../../src/store/memory-store.ts'
import { anyValue, types } from './values.ts'

const HEAD = 5
const [AS_IS, DEFLATE, ZSTD] = [0, 1, 2]

// The Node these tests run on has both.
const compressions = [deflate, zstd].filter((one): one is Compression => one !== undefined)

const rows = (many: number): unknown[] =>
  Array.from({ length: many }, (_, id) => ({
    id,
    name: `Lamp ${id}`,
    price: new Decimal(`${id}.50`),
    at: new Date(id * 1000),
    raw: Buffer.from(`bytes of ${id}`),
    gone: undefined,
    big: 2n ** 70n,
  }))

const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length))

const forged = (marker: number, size: number, body: Uint8Array): Buffer => {
  const head = Buffer.alloc(HEAD)
  head.writeUInt8(marker)
  head.writeUInt32LE(size, 1)
  return Buffer.concat([head, body])
}

it('this Node has zstd and writes with it', () => {
  expect(compressions.map(({ name }) => name)).toEqual(['deflate', 'zstd'])
  expect(compressed(msgpackCodec(), { above: 1 }).bind(types).encode(rows(50))[0]).toBe(ZSTD)
})

describe.each(compressions)('$name', (compression) => {
  const codecs = [msgpackCodec(), superjsonCodec()]
  const codec = compressedBy(msgpackCodec(), 1, [compression]).bind(types)

  it.each(codecs)('any value of $name comes back exactly, compressed or not', (inner) => {
    const [always, sometimes] = [1, 150].map((above) => compressedBy(inner, above, [compression]).bind(types))
    fc.assert(
      fc.property(anyValue, (value) => {
        for (const one of [always!, sometimes!])
          assert.deepStrictEqual(one.decode(new Uint8Array(one.encode(value))), value)
      }),
      { numRuns: sized(150, 1_500) },
    )
  })

  it('a list of rows comes back exactly, prototypes included, from a fraction of the bytes', () => {
    const value = rows(2_000)
    const bytes = codec.encode(value)
    expect(bytes[0]).toBe(compression.marker)
    expect(bytes.length).toBeLessThan(msgpackCodec().bind(types).encode(value).length / 3)
    assert.deepStrictEqual(codec.decode(new Uint8Array(bytes)), value)
  })

  it('what cannot be made smaller is stored as it is, one byte longer', () => {
    const value = random(50_000)
    const plain = msgpackCodec().bind(types).encode(value)
    const bytes = codec.encode(value)
    expect([bytes[0], bytes.length]).toEqual([AS_IS, plain.length + 1])
    assert.deepStrictEqual(codec.decode(bytes), value)
  })

  it('truncated and lengthened bytes throw, and the next entry decodes', () => {
    const value = rows(20)
    const bytes = codec.encode(value)
    for (let end = 0; end < bytes.length; end++)
      expect(() => codec.decode(bytes.subarray(0, end))).toThrow(/^Larder: /)
    expect(() => codec.decode(Buffer.concat([bytes, Buffer.from('x')]))).toThrow(/^Larder: /)
    expect(() => codec.decode(Buffer.concat([bytes, bytes.subarray(HEAD)]))).toThrow(/^Larder: /)
    assert.deepStrictEqual(codec.decode(bytes), value)
  })

  it('more than the size it records is never made', () => {
    const bomb = compression.compress(Buffer.alloc(64_000_000))
    expect(bomb.length).toBeLessThan(100_000)
    const before = process.memoryUsage().arrayBuffers
    expect(() => codec.decode(forged(compression.marker, 1_000, bomb))).toThrow(
      new RegExp(`entry of 1000 bytes cannot be decompressed \\(${compression.name}\\)`),
    )
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5_000_000)
  })

  it('a size no entry of ours has is refused before anything is made', () => {
    const small = compression.compress(Buffer.alloc(100))
    for (const size of [67_108_865, 2 ** 32 - 1])
      expect(() => codec.decode(forged(compression.marker, size, small))).toThrow(
        `says it holds ${size} bytes: at most 67108864`,
      )
  })

  it('less than the size it records is refused', () => {
    const small = compression.compress(Buffer.alloc(100))
    for (const size of [101, 60_000_000])
      expect(() => codec.decode(forged(compression.marker, size, small))).toThrow(
        `of 100 bytes says it holds ${size}`,
      )
  })
})

describe('the threshold', () => {
  it('is passed by more bytes than it says, not by as many', () => {
    const value = 'x'.repeat(1_000)
    const { length } = msgpackCodec().bind(types).encode(value)
    const marker = (above: number): number | undefined =>
      compressed(msgpackCodec(), { above }).bind(types).encode(value)[0]
    expect([length - 1, length, length + 1].map(marker)).toEqual([ZSTD, AS_IS, AS_IS])
  })

  it('is 16 kB unless it is given', () => {
    const codec = compressed(msgpackCodec()).bind(types)
    expect(codec.encode('x'.repeat(16_000))[0]).toBe(AS_IS)
    expect(codec.encode('x'.repeat(17_000))[0]).toBe(ZSTD)
  })

  it('leaves results above 64 MB as they are, which come back', () => {
    const codec = compressed(msgpackCodec()).bind(types)
    const value = new Uint8Array(68_000_000)
    const bytes = codec.encode(value)
    expect(bytes[0]).toBe(AS_IS)
    expect((codec.decode(bytes) as Uint8Array).length).toBe(68_000_000)
  })
})

describe('processes on different versions of Node', () => {
  const [old, recent] = [[deflate], [...compressions].reverse()].map((given) =>
    compressedBy(msgpackCodec(), 1, given as [Compression]).bind(types),
  )

  it('one without zstd writes what one with it reads', () => {
    const bytes = old!.encode(rows(50))
    expect(bytes[0]).toBe(DEFLATE)
    assert.deepStrictEqual(recent!.decode(bytes), rows(50))
  })

  it('one without zstd refuses what was written with it, and says why', () => {
    expect(() => old!.decode(recent!.encode(rows(50)))).toThrow(
      /compressed with zstd, which Node .* does not/,
    )
  })

  it('both read what was stored as it is', () => {
    assert.deepStrictEqual(old!.decode(recent!.encode(5)), 5)
  })
})

it('foreign bytes throw an Error or decode to something, and the next entry decodes', () => {
  const codec = compressed(msgpackCodec(), { above: 1 }).bind(types)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        codec.decode(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(Error)
      }
    }),
    { numRuns: sized(500, 5_000) },
  )
  expect(() => codec.decode(new Uint8Array([7, 1]))).toThrow(/begins with 7/)
  expect(() => codec.decode(new Uint8Array())).toThrow(/an empty entry/)
  assert.deepStrictEqual(codec.decode(codec.encode(rows(9))), rows(9))
})

it('what the inner codec refuses is refused', () => {
  expect(() =>
    compressed(msgpackCodec())
      .bind(types)
      .encode([() => 1]),
  ).toThrow(expect.objectContaining({ code: 'LARDER_UNENCODABLE' }))
})

it('it is named after the codec it wraps', () => {
  expect([msgpackCodec(), superjsonCodec()].map((codec) => compressed(codec).name)).toEqual([
    'compressed(msgpack)',
    'compressed(superjson)',
  ])
})

it('what is given wrongly is refused by name', () => {
  const codec = msgpackCodec()
  const mistakes: [() => unknown, RegExp][] = [
    [() => compressed(undefined as never), /^compressed\(undefined\): give it a codec, msgpackCodec\(\)/],
    [() => compressed(codec, null as never), /^compressed\(codec, null\): give/],
    [() => compressed(codec, { level: 3 } as never), /no option level: there is above/],
    [() => compressed(codec, { above: '16kB' as never }), /^compressed.above is "16kB": give a positive/],
    [() => compressed(codec, { above: 0 }), /^compressed.above is 0/],
  ]
  for (const [run, message] of mistakes) {
    expect(run).toThrow(expect.objectContaining({ code: 'LARDER_CONFIG' }))
    expect(run).toThrow(message)
  }
})

describe('in a cache', () => {
  const value = rows(1_000)

  it('a hit is what was loaded, and an entry of the codec alone is a miss', async () => {
    const store = memoryStore()
    let loads = 0
    const read = async (cache: ReturnType<typeof createCache>): Promise<unknown> => {
      return await cache.wrap('rows', { ttl: '1h' }, async () => {
        loads++
        return plain
      })
    }
    const plain = value.map((row) => ({ ...(row as object), price: 1 }))
    const small = createCache({ store, codec: compressed(msgpackCodec()) })
    assert.deepStrictEqual(await read(small), plain)
    assert.deepStrictEqual(await read(small), plain)
    expect([loads, small.stats().hits]).toEqual([1, 1])
    assert.deepStrictEqual(await read(createCache({ store })), plain)
    expect(loads).toBe(2)
  })

  it('maxValueBytes counts what is stored', async () => {
    const hits = await Promise.all(
      [compressed(msgpackCodec()), msgpackCodec()].map(async (codec) => {
        const cache = createCache({ codec, maxValueBytes: '16kb' })
        for (let time = 0; time < 2; time++)
          await cache.wrap('text', { ttl: '1h' }, async () => 'x'.repeat(50_000))
        return cache.stats().hits
      }),
    )
    expect(hits).toEqual([1, 0])
  })
})
