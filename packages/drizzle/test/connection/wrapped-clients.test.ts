import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { drizzle } from 'drizzle-orm/node-postgres'
import { expect, it, vi } from 'vitest'
import * as schema from '../contract/schema-pg.ts'

const pool = () => ({ query: async () => ({ rows: [] }) }) as never

/** Codes of the warnings that wrapping a db over `client` in a cache gives. */
function warnings(client: never, cache = createCache(), wrap = drizzleCache): readonly string[] {
  const codes: string[] = []
  const stop = cache.on('warning', ({ code }) => void codes.push(code))
  wrap(drizzle(client, { schema }), { cache, database: `d${count++}`, tables: {} })
  stop()
  return codes
}
let count = 0

it('a second cache over one pool is warned of, as an event and by the process', () => {
  const said = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const client = pool()
  const first = createCache()
  expect(warnings(client, first)).toEqual([])
  expect(warnings(client)).toEqual(['client-wrapped-twice'])
  // The process is told once, whoever listens to a cache each time.
  expect(warnings(client)).toEqual(['client-wrapped-twice'])
  expect(first.stats().reads).toBe(0)
  expect(said.mock.calls.flat()).toEqual([expect.stringMatching(/larder: .*wrapped by another cache/)])
})

it('one cache over one pool twice, and two caches over two pools, are not', () => {
  const said = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const client = pool()
  const cache = createCache()
  expect([...warnings(client, cache), ...warnings(client, cache)]).toEqual([])
  expect(warnings(pool())).toEqual([])
  expect(said).not.toHaveBeenCalled()
})

it('another copy of the module is seen, too', async () => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const client = pool()
  const kept = createCache()
  expect(warnings(client, kept)).toEqual([])
  vi.resetModules()
  const copy = await import('@larder/drizzle')
  expect(copy.drizzleCache).not.toBe(drizzleCache)
  expect(warnings(client, createCache(), copy.drizzleCache)).toEqual(['client-wrapped-twice'])
  await kept.close()
})
