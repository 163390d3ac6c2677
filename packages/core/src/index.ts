// What an application calls. ORM adapters import `@larder/core/host` as well, stores `@larder/core/store`.
export type { ByteSize } from './base/byte-size.ts'
export type { Duration } from './base/duration.ts'
export { CacheError, type CacheErrorCode, type CacheErrorJson } from './base/errors.ts'
export { type Cache, createCache } from './cache.ts'
export type { BoundCodec, Codec, ValueTypes } from './codec/codec.ts'
export { type CompressedOptions, compressed } from './codec/compressed.ts'
export { msgpackCodec } from './codec/msgpack.ts'
export { superjsonCodec } from './codec/superjson.ts'
export type { PauseControls, PauseOptions } from './host/pause-controls.ts'
export type { WarmError, WarmOptions, WarmProgress, WarmResult } from './host/warm.ts'
export type { CacheOptions, MemoryOptions, UnknownWrites } from './options/config.ts'
export type { WrapOptions } from './pipeline/wrap-options.ts'
export type { PolicyOptions } from './plan/policy.ts'
export type {
  BypassReason,
  CacheEventName,
  CacheEvents,
  CacheListener,
  InvalidateEvent,
  MissReason,
  ReadEvent,
  Source,
  WriteEvent,
} from './report/events.ts'
export type { Counts, Explained, ReadReport, Stats } from './report/report.ts'
export type { MemoryStoreOptions } from './store/memory-options.ts'
export { memoryStore } from './store/memory-store.ts'
export type { InvalidateRequest } from './tags/invalidation-tags.ts'
