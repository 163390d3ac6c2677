import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { drizzle } from 'drizzle-orm/node-postgres'
import { expect, it, vi } from 'vitest'
import * as schema from '../contract/schema-pg.ts'

const pool = () => ({ query: async () => ({ rows: [] }) }) as never

/** The codes of the warnings that wrapping a db over `client` emits. */
function warnings(client: never, cache = createCache(), wrap = drizzleCache): readonly string[] {
  const codes: string[] = []
  const stop = cache.on('warning', ({ code }) => void codes.push(code))
  wrap(drizzle(client, { schema }), { cache, database: `d${count++}`, tables: {} })
  stop()
  return codes
}
let count = 0

it('a second cache over one pool emits a warning event and a process warning', () => {
  const said = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const client = pool()
  const first = createCache()
  expect(warnings(client, first)).toEqual([])
  expect(warnings(client)).toEqual(['client-wrapped-twice'])
  // The process warning is emitted once, the event each time.
  expect(warnings(client)).toEqual(['client-wrapped-twice'])
  expect(first.stats().reads).toBe(0)
  expect(said.mock.calls.flat()).toEqual([expect.stringMatching(/larder: .*wrapped by another cache/)])
})

it('one cache used twice over one pool, or two caches over two pools, emit no warning', () => {
  const said = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const client = pool()
  const cache = createCache()
  expect([...warnings(client, cache), ...warnings(client, cache)]).toEqual([])
  expect(warnings(pool())).toEqual([])
  expect(said).not.toHaveBeenCalled()
})

it('a second copy of the module sees the clients of the first', async () => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const client = pool()
  const cache = createCache()
  expect(warnings(client, cache)).toEqual([])
  vi.resetModules()
  const copy = await import('@larder/drizzle')
  expect(copy.drizzleCache).not.toBe(drizzleCache)
  expect(warnings(client, createCache(), copy.drizzleCache)).toEqual(['client-wrapped-twice'])
  await cache.close()
})
