import zlib from 'node:zlib'

/** One way to make bytes smaller. Synchronous: a result is compressed where it is encoded. */
export interface Compression {
  readonly name: 'deflate' | 'zstd'
  /** First byte of what was compressed with it. */
  readonly marker: number
  compress(bytes: Uint8Array): Uint8Array
  /**
   * Makes at most `size` bytes.
   * @throws Error for more than that, and for bytes that are truncated, damaged or followed by others.
   */
  decompress(bytes: Uint8Array, size: number): Uint8Array
}

/** Written into entries: never reuse one. 0 is taken by what is stored as it is. */
export const MARKERS: Readonly<Record<Compression['name'], number>> = { deflate: 1, zstd: 2 }

type Run = (bytes: Uint8Array, options: object) => unknown

// Beyond these the time grows faster than the result shrinks.
const DEFLATE_LEVEL = 4
const ZSTD_LEVEL = 3
/** Longest piece of output that memory is taken for at once: a recorded size is not to be believed. */
const CHUNK = 262_144
const SHORTEST_CHUNK = 64

/** Every Node has it. Without zlib's own frame and checksum: an entry has a checksum already. */
export const deflate: Compression = {
  name: 'deflate',
  marker: MARKERS.deflate,
  compress: (bytes) => zlib.deflateRawSync(bytes, { level: DEFLATE_LEVEL }),
  decompress: (bytes, size) => bounded(zlib.inflateRawSync, bytes, size),
}

/** Smaller and faster than deflate; undefined where Node lacks it (before 22.15). */
export const zstd: Compression | undefined = zstdOf(zlib)

function zstdOf(library: Partial<typeof zlib>): Compression | undefined {
  const { zstdCompressSync, zstdDecompressSync, constants } = library
  if (!zstdCompressSync || !zstdDecompressSync || !constants) return undefined
  const params = { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL }
  return {
    name: 'zstd',
    marker: MARKERS.zstd,
    compress: (bytes) => zstdCompressSync(bytes, { params }),
    decompress: (bytes, size) => bounded(zstdDecompressSync, bytes, size),
  }
}

function bounded(run: Run, bytes: Uint8Array, size: number): Uint8Array {
  const chunkSize = Math.max(SHORTEST_CHUNK, Math.min(size, CHUNK))
  const { buffer, engine } = run(bytes, { info: true, maxOutputLength: size, chunkSize }) as {
    readonly buffer: Uint8Array
    readonly engine: { readonly bytesWritten: number }
  }
  // Both libraries stop at the end of their data and say nothing about what follows it.
  if (engine.bytesWritten !== bytes.length) throw new Error('there are bytes after its end')
  return buffer
}
