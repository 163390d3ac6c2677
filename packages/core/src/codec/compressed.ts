import { type ByteSize, bytes } from '../base/byte-size.ts'
import { CacheError } from '../base/errors.ts'
import { show } from '../base/show.ts'
import type { BoundCodec, Codec } from './codec.ts'
import { type Compression, deflate, MARKERS, zstd } from './compression.ts'

/** Options of {@link compressed}. */
export interface CompressedOptions {
  /** Results larger than this are compressed. Default `'16kb'`. */
  above?: ByteSize
}

// A payload begins with a marker of one byte: how the rest was made. As it is: the codec's bytes follow. Compressed: their
// size (32 bits) and the compressed bytes follow.
const AS_IS = 0
const HEAD = 5
/** No larger result is compressed, so no entry that says it holds one is ours. */
const LARGEST = 67_108_864

/**
 * Compresses the larger results of a codec: with zstd on Node 22.15 and later, else with deflate. A result that does not
 * become smaller is stored uncompressed. A Node without zstd treats an entry compressed with it as a miss and emits a
 * `codec-error` event. Entries stored without compression are misses, and the other way round.
 *
 * NOTE: `maxValueBytes` is compared with the compressed size, and compression runs on the event loop.
 * @throws CacheError `LARDER_CONFIG` for a value that is no codec, or an invalid size.
 * @example
 * ```ts
 * import { compressed, msgpackCodec } from '@larder/core'
 *
 * const cache = createCache({ codec: compressed(msgpackCodec(), { above: '16kb' }) })
 * ```
 */
export function compressed(codec: Codec, options: CompressedOptions = {}): Codec {
  const above = checked(codec, options)
  return compressedBy(codec, above, zstd ? [zstd, deflate] : [deflate])
}

/** {@link compressed} with what there is to compress with: the first writes, all of them read. */
export function compressedBy(
  codec: Codec,
  above: number,
  compressions: readonly [Compression, ...Compression[]],
): Codec {
  const [writer] = compressions
  return {
    name: `compressed(${codec.name})`,
    bind(types): BoundCodec {
      const inner = codec.bind(types)
      return {
        encode: (value, dataDepth) => pack(inner.encode(value, dataDepth), above, writer),
        decode: (payload) => inner.decode(unpack(payload, compressions)),
      }
    },
  }
}

function pack(raw: Uint8Array, above: number, writer: Compression): Uint8Array {
  if (raw.length > above && raw.length <= LARGEST) {
    const small = writer.compress(raw)
    if (HEAD + small.length < 1 + raw.length) return framed(HEAD, writer.marker, raw.length, small)
  }
  return framed(1, AS_IS, 0, raw)
}

function framed(head: number, marker: number, size: number, body: Uint8Array): Uint8Array {
  const packed = Buffer.allocUnsafe(head + body.length)
  packed.writeUInt8(marker, 0)
  if (head === HEAD) packed.writeUInt32LE(size, 1)
  packed.set(body, head)
  return packed
}

function unpack(payload: Uint8Array, compressions: readonly Compression[]): Uint8Array {
  const [marker] = payload
  if (marker === AS_IS) return payload.subarray(1)
  const compression = compressions.find((candidate) => candidate.marker === marker)
  if (!compression) throw new Error(`Larder: ${describeMarker(marker)}`)
  if (payload.length < HEAD) throw new Error('Larder: a truncated compressed entry')
  const size = new DataView(payload.buffer, payload.byteOffset, payload.byteLength).getUint32(1, true)
  if (size > LARGEST)
    throw new Error(`Larder: a compressed entry that says it holds ${size} bytes: at most ${LARGEST} are`)
  const raw = attempt(compression, payload.subarray(HEAD), size)
  if (raw.length !== size)
    throw new Error(`Larder: a compressed entry of ${raw.length} bytes says it holds ${size}`)
  return raw
}

/** Never makes more than `size` bytes, whatever the payload would become. */
function attempt(compression: Compression, small: Uint8Array, size: number): Uint8Array {
  try {
    return compression.decompress(small, size)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(
      `Larder: an entry of ${size} bytes cannot be decompressed (${compression.name}): ${why}`,
      {
        cause,
      },
    )
  }
}

function describeMarker(marker: number | undefined): string {
  if (marker === undefined) return 'an empty entry, where a compressing codec writes a marker'
  const entry = Object.entries(MARKERS).find(([, one]) => one === marker)
  return entry
    ? `an entry compressed with ${entry[0]}, which Node ${process.versions.node} does not have: another process wrote it`
    : `an entry that begins with ${marker}, a marker this version of the compressing codec does not write`
}

function checked(codec: Codec, options: CompressedOptions): number {
  const refused = (message: string): CacheError => new CacheError('LARDER_CONFIG', message)
  if (typeof codec?.bind !== 'function' || typeof codec.name !== 'string')
    throw refused(`compressed(${show(codec)}): give it a codec, msgpackCodec() or superjsonCodec()`)
  if (typeof options !== 'object' || options === null)
    throw refused(`compressed(codec, ${show(options)}): give { above: '16kb' }, or nothing`)
  for (const name of Object.keys(options))
    if (name !== 'above') throw refused(`compressed has no option ${name}: there is above`)
  return bytes(options.above ?? '16kb', 'compressed.above')
}
