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
const compressions = [deflate, zstd].filter(
  (compression): compression is Compression => compression !== undefined,
)

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

it('this version of Node has zstd, and compressed() uses it', () => {
  expect(compressions.map(({ name }) => name)).toEqual(['deflate', 'zstd'])
  expect(compressed(msgpackCodec(), { above: 1 }).bind(types).encode(rows(50))[0]).toBe(ZSTD)
})

describe.each(compressions)('$name', (compression) => {
  const codecs = [msgpackCodec(), superjsonCodec()]
  const codec = compressedBy(msgpackCodec(), 1, [compression]).bind(types)

  it.each(codecs)('any value encoded with $name round-trips exactly, whether compressed or not', (inner) => {
    const [always, sometimes] = [1, 150].map((above) => compressedBy(inner, above, [compression]).bind(types))
    fc.assert(
      fc.property(anyValue, (value) => {
        for (const encoder of [always!, sometimes!])
          assert.deepStrictEqual(encoder.decode(new Uint8Array(encoder.encode(value))), value)
      }),
      { numRuns: sized(60, 1_500) },
    )
  })

  it('a list of rows round-trips exactly, including prototypes, in a fraction of the bytes', () => {
    const value = rows(2_000)
    const bytes = codec.encode(value)
    expect(bytes[0]).toBe(compression.marker)
    expect(bytes.length).toBeLessThan(msgpackCodec().bind(types).encode(value).length / 3)
    assert.deepStrictEqual(codec.decode(new Uint8Array(bytes)), value)
  })

  it('data that does not shrink is stored uncompressed, one byte longer', () => {
    const value = random(50_000)
    const plain = msgpackCodec().bind(types).encode(value)
    const bytes = codec.encode(value)
    expect([bytes[0], bytes.length]).toEqual([AS_IS, plain.length + 1])
    assert.deepStrictEqual(codec.decode(bytes), value)
  })

  it('truncated or lengthened bytes throw, and the next entry decodes', () => {
    const value = rows(20)
    const bytes = codec.encode(value)
    for (let end = 0; end < bytes.length; end++)
      expect(() => codec.decode(bytes.subarray(0, end))).toThrow(/^Larder: /)
    expect(() => codec.decode(Buffer.concat([bytes, Buffer.from('x')]))).toThrow(/^Larder: /)
    expect(() => codec.decode(Buffer.concat([bytes, bytes.subarray(HEAD)]))).toThrow(/^Larder: /)
    assert.deepStrictEqual(codec.decode(bytes), value)
  })

  it('decompression stops at the size recorded in the header', () => {
    const bomb = compression.compress(Buffer.alloc(64_000_000))
    expect(bomb.length).toBeLessThan(100_000)
    const before = process.memoryUsage().arrayBuffers
    expect(() => codec.decode(forged(compression.marker, 1_000, bomb))).toThrow(
      new RegExp(`entry of 1000 bytes cannot be decompressed \\(${compression.name}\\)`),
    )
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5_000_000)
  })

  it('a recorded size above the limit is refused before memory is allocated', () => {
    const small = compression.compress(Buffer.alloc(100))
    for (const size of [67_108_865, 2 ** 32 - 1])
      expect(() => codec.decode(forged(compression.marker, size, small))).toThrow(
        `says it holds ${size} bytes: at most 67108864`,
      )
  })

  it('data shorter than its recorded size is refused', () => {
    const small = compression.compress(Buffer.alloc(100))
    for (const size of [101, 60_000_000])
      expect(() => codec.decode(forged(compression.marker, size, small))).toThrow(
        `of 100 bytes says it holds ${size}`,
      )
  })
})

describe('the compression threshold', () => {
  it('compresses only results larger than the configured number of bytes', () => {
    const value = 'x'.repeat(1_000)
    const { length } = msgpackCodec().bind(types).encode(value)
    const marker = (above: number): number | undefined =>
      compressed(msgpackCodec(), { above }).bind(types).encode(value)[0]
    expect([length - 1, length, length + 1].map(marker)).toEqual([ZSTD, AS_IS, AS_IS])
  })

  it('is 16 kB by default', () => {
    const codec = compressed(msgpackCodec()).bind(types)
    expect(codec.encode('x'.repeat(16_000))[0]).toBe(AS_IS)
    expect(codec.encode('x'.repeat(17_000))[0]).toBe(ZSTD)
  })

  it('leaves results above 64 MB uncompressed, and they round-trip', () => {
    const codec = compressed(msgpackCodec()).bind(types)
    const value = new Uint8Array(68_000_000)
    const bytes = codec.encode(value)
    expect(bytes[0]).toBe(AS_IS)
    expect((codec.decode(bytes) as Uint8Array).length).toBe(68_000_000)
  })
})

describe('processes on different versions of Node', () => {
  const [old, recent] = [[deflate], [...compressions].reverse()].map((available) =>
    compressedBy(msgpackCodec(), 1, available as [Compression]).bind(types),
  )

  it('a process without zstd writes entries that a process with zstd reads', () => {
    const bytes = old!.encode(rows(50))
    expect(bytes[0]).toBe(DEFLATE)
    assert.deepStrictEqual(recent!.decode(bytes), rows(50))
  })

  it('a process without zstd refuses entries compressed with zstd and says why', () => {
    expect(() => old!.decode(recent!.encode(rows(50)))).toThrow(
      /compressed with zstd, which Node .* does not/,
    )
  })

  it('both read entries that were stored uncompressed', () => {
    assert.deepStrictEqual(old!.decode(recent!.encode(5)), 5)
  })
})

it('bytes from elsewhere throw an Error or decode to some value, and the next entry decodes', () => {
  const codec = compressed(msgpackCodec(), { above: 1 }).bind(types)
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
  expect(() => codec.decode(new Uint8Array([7, 1]))).toThrow(/begins with 7/)
  expect(() => codec.decode(new Uint8Array())).toThrow(/an empty entry/)
  assert.deepStrictEqual(codec.decode(codec.encode(rows(9))), rows(9))
})

it('a value that the inner codec refuses is refused', () => {
  expect(() =>
    compressed(msgpackCodec())
      .bind(types)
      .encode([() => 1]),
  ).toThrow(expect.objectContaining({ code: 'LARDER_UNENCODABLE' }))
})

it('compressed() is named after the codec it wraps', () => {
  expect([msgpackCodec(), superjsonCodec()].map((codec) => compressed(codec).name)).toEqual([
    'compressed(msgpack)',
    'compressed(superjson)',
  ])
})

it('invalid arguments of compressed() are refused by name', () => {
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

describe('compressed() in a cache', () => {
  const value = rows(1_000)

  it('a hit equals the loaded value, and an entry of the uncompressed codec is a miss', async () => {
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

  it('maxValueBytes applies to the stored, compressed size', async () => {
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
