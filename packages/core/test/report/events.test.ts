import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { type CacheEventName, createCache } from '@larder/core'
import { expect, it } from 'vitest'
import { createEvents } from '../../src/report/events.ts'

const NAMES: readonly CacheEventName[] = [
  'read',
  'write',
  'invalidate',
  'store-error',
  'store-state',
  'codec-error',
  'unknown-write',
  'warning',
  'verify',
]

it.each(NAMES)('%s reaches listeners and the channel larder:%s as the same object', (name) => {
  const events = createEvents()
  const messages: unknown[] = []
  const onMessage = (message: unknown) => messages.push(message)
  expect(events.hasListener(name)).toBe(false)
  subscribe(`larder:${name}`, onMessage)
  const off = events.on(name, onMessage)
  const event = {} as never
  events.emit(name, event)
  off()
  events.emit(name, event)
  unsubscribe(`larder:${name}`, onMessage)
  events.emit(name, event)
  expect(messages).toEqual([event, event, event])
  expect(messages.every((message) => message === event)).toBe(true)
  expect(events.hasListener(name)).toBe(false)
})

it('a cached read is published on larder:read', async () => {
  const messages: unknown[] = []
  const onMessage = (message: unknown) => messages.push(message)
  subscribe('larder:read', onMessage)
  await createCache().wrap('key', { ttl: '1m' }, async () => 1)
  unsubscribe('larder:read', onMessage)
  expect(messages).toMatchObject([{ operation: 'wrap', source: 'database', reason: 'miss' }])
})

it('a listener that throws becomes a process warning, and the other listeners are still called', async () => {
  const events = createEvents()
  const messages: string[] = []
  events.on('warning', () => {
    throw new Error('mine')
  })
  events.on('warning', ({ code }) => messages.push(code))
  const warned = once(process, 'warning')
  events.emit('warning', { code: 'x', message: '' })
  expect(messages).toEqual(['x'])
  expect(String(await warned)).toMatch(/'warning' event threw: Error: mine/)
})

it('an unknown event and a listener that is not a function are refused', () => {
  const cache = createCache()
  expect(() => cache.on('reed' as never, () => {})).toThrow(/no event 'reed': there are read, write/)
  expect(() => cache.on('read', undefined as never)).toThrow(/'read' is undefined: give a function/)
})
