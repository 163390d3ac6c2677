import type { ValueTypes } from '../keys/value-types.ts'

export type { ValueTypes } from '../keys/value-types.ts'

/** Turns a result into bytes and back, exactly: same values, same prototypes. */
export interface BoundCodec {
  /**
   * @param dataDepth how many levels of records and lists, from the top, the host has built itself. They hold data only: no
   * accessors, hidden properties, symbols, holes or properties of a list. Below that, and by default, the codec checks this.
   * The bytes may be a view into memory shared with other entries: copy them (`seal` does) before keeping them.
   * @throws CacheError `LARDER_UNENCODABLE` when the value cannot be carried exactly (functions, symbols, cycles,
   * accessors, unknown classes).
   */
  encode(value: unknown, dataDepth?: number): Uint8Array
  /** @throws on foreign, truncated or newer bytes; the engine turns that into a miss and a `codec-error` event. */
  decode(bytes: Uint8Array): unknown
}

/** A codec as the user names it; a host binds it to its own classes. */
export interface Codec {
  /** Written into every entry; entries of another codec are a miss. */
  readonly name: string
  bind(types: ValueTypes): BoundCodec
}
