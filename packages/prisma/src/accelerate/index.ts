export type {
  Accelerate,
  AccelerateExtension,
  AccelerateInvalidateInput,
  AcceleratePromise,
  AccelerateReads,
  PrismaCacheStrategy,
} from './extension-types.ts'
export type { AccelerateInfo } from './info.ts'
export type { CacheStrategy } from './strategy.ts'
export { type WithAccelerateOptions, withAccelerate } from './with-accelerate.ts'
