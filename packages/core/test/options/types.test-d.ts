import { expectTypeOf, test } from 'vitest'
import {
  type ByteSize,
  type Cache,
  type CacheEvents,
  type CacheOptions,
  createCache,
  type Duration,
  type InvalidateEvent,
  type PolicyOptions,
  type ReadEvent,
  type WriteEvent,
} from '../../src/index.ts'

test('a duration is a number or a number with a unit', () => {
  expectTypeOf<500>().toExtend<Duration>()
  expectTypeOf<'250ms' | '30s' | '1.5m' | '2h' | '7d'>().toExtend<Duration>()
  expectTypeOf<'5x'>().not.toExtend<Duration>()
  expectTypeOf<'5'>().not.toExtend<Duration>()
  expectTypeOf<'s'>().not.toExtend<Duration>()
  expectTypeOf<string>().not.toExtend<Duration>()
  expectTypeOf<bigint>().not.toExtend<Duration>()
  expectTypeOf<undefined>().not.toExtend<Duration>()
})

test('an invalid duration does not compile where it is written', () => {
  // @ts-expect-error '5x' has no such unit
  const policy: PolicyOptions = { ttl: '5x' }
  // @ts-expect-error a misspelt option
  const options: CacheOptions = { defaults: { tll: '5s' } }
  expectTypeOf(policy).toExtend<PolicyOptions>()
  expectTypeOf(options).toExtend<CacheOptions>()
})

test('a size is a number or a number with a unit', () => {
  expectTypeOf<'16kb' | '1mb' | 512>().toExtend<ByteSize>()
  expectTypeOf<'1tb'>().not.toExtend<ByteSize>()
})

test('listeners get the payload of their event', () => {
  const cache: Cache = createCache()
  cache.on('read', (event) => {
    expectTypeOf(event).toEqualTypeOf<ReadEvent>()
    expectTypeOf(event.source).toEqualTypeOf<'memory' | 'store' | 'database' | 'stale'>()
    expectTypeOf(event.age).toEqualTypeOf<number | undefined>()
  })
  cache.on('write', (event) => {
    expectTypeOf(event).toEqualTypeOf<WriteEvent>()
    expectTypeOf(event.outcome).toEqualTypeOf<'committed' | 'failed' | 'unknown'>()
  })
  cache.on('invalidate', (event) => expectTypeOf(event).toEqualTypeOf<InvalidateEvent>())
  cache.on('store-error', (event) => expectTypeOf(event.error).toBeUnknown())
  cache.on('store-state', (event) => expectTypeOf(event.state).toEqualTypeOf<'ready' | 'unavailable'>())
  cache.on('warning', (event) => expectTypeOf(event.code).toBeString())
  cache.on('verify', (event) => expectTypeOf(event.equal).toBeBoolean())
  expectTypeOf(cache.on('read', () => {})).toEqualTypeOf<() => void>()
  // @ts-expect-error there is no such event
  cache.on('reads', () => {})
  // @ts-expect-error a payload of another event
  cache.on('read', (event: WriteEvent) => event)
})

test('payloads are read-only', () => {
  type Writable<T> = { -readonly [K in keyof T]: T[K] }
  expectTypeOf<Readonly<ReadEvent>>().toEqualTypeOf<ReadEvent>()
  expectTypeOf<Writable<CacheEvents['write']>>().not.toEqualTypeOf<CacheEvents['write']>()
})
