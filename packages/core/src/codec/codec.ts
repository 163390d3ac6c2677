import type { ValueTypes } from '../keys/value-types.ts'

export type { ValueTypes } from '../keys/value-types.ts'

/** Turns a result into bytes and back, exactly: same values, same prototypes. */
export interface BoundCodec {
  /**
   * The bytes may be a view into memory shared with other entries: copy them (`seal` does) before keeping them.
   * @throws CacheError `LARDER_UNENCODABLE` when the value cannot be carried exactly (functions, symbols, cycles,
   * accessors, unknown classes).
   */
  encode(value: unknown): Uint8Array
  /** @throws on foreign, truncated or newer bytes; the engine turns that into a miss and a `codec-error` event. */
  decode(bytes: Uint8Array): unknown
}

/** A codec as the user names it; a host binds it to its own classes. */
export interface Codec {
  /** Written into every entry; entries of another codec are a miss. */
  readonly name: string
  bind(types: ValueTypes): BoundCodec
}
