import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createCache, memoryStore } from '@larder/core'
import { fakeClock, faultyStore, repeatWhenBusy, settled } from '@larder/testing'
import { afterEach, beforeEach, expect, it, type MockInstance, vi } from 'vitest'
import { reads, writes } from '../support/item-host.ts'
import { simulatedProcess } from '../support/simulated-process.ts'

repeatWhenBusy()

let warned: MockInstance<typeof process.emitWarning>
beforeEach(() => {
  warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
})
afterEach(() => warned.mockRestore())

const warnings = () =>
  warned.mock.calls.map(([message, options]) => [(options as { code: string }).code, String(message)])

const hooks = fileURLToPath(new URL('../../../../test/support/sources.mjs', import.meta.url))

/** What a program prints that is run with Node alone, where nothing but itself keeps it alive. */
async function printed(program: string): Promise<string> {
  const args = ['--import', hooks, '--input-type=module', '--eval', program]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 120_000 })
  return stdout.trim()
}

it('a program continues after `await close()`, even while the outcome of a write is unknown', async () => {
  const program = `
    import { createCache } from '@larder/core'
    const cache = createCache()
    const engine = cache.attach({ name: 'own', schema: { tables: new Map() }, database: undefined, identity: [], types: {} })
    const scope = engine.transaction('early')
    const changes = [{ table: 'item', effect: 'unknown' }]
    await engine.write({ operation: 'w', model: undefined, changes, run: async () => {} }, scope)
    await scope.end('unknown')
    await cache.close()
    console.log('after close')`
  expect(await printed(program)).toBe('after close')
})

it('a program that waits for a hanging load continues with a load of its own', async () => {
  const program = `
    import { createCache } from '@larder/core'
    const cache = createCache()
    const options = { ttl: '1m', joinTimeout: '300ms' }
    void cache.wrap('a', options, () => new Promise(() => {}))
    console.log(await cache.wrap('a', options, async () => 'its own'))`
  expect(await printed(program)).toBe('its own')
})

it('close() takes at most two seconds, even if the store never closes and never acknowledges a write', async () => {
  const clock = fakeClock()
  const store = { ...faultyStore(memoryStore({ clock })), close: () => new Promise<void>(() => {}) }
  const cache = createCache({ store }, { clock })
  store.fail('hangs')
  void cache.invalidate({ tags: ['a'] })
  let over = false
  const closing = cache.close().then(() => {
    over = true
  })
  await clock.advance(1_999)
  expect(over).toBe(false)
  await clock.advance(1)
  await closing
  expect(warnings()).toEqual([['LARDER_CLOSE_PENDING', expect.stringContaining('until its ttl')]])
})

it('close() waits until an entry that was just loaded is stored', async () => {
  const inner = memoryStore({ isolated: true })
  const calls: string[] = []
  const set: typeof inner.set = async (...args) => {
    await new Promise((resolve) => setTimeout(resolve, 20))
    await inner.set(...args)
    calls.push('stored')
  }
  const close = async () => {
    calls.push('closed')
  }
  const cache = createCache({ store: { ...inner, set, close } })
  await cache.wrap('a', { ttl: '1m' }, async () => 1)
  await cache.close()
  expect(calls).toEqual(['stored', 'closed'])
})

it('calling close() twice closes the cache once', async () => {
  const inner = memoryStore()
  const close = vi.fn(inner.close)
  const cache = createCache({ store: { ...inner, close } })
  await Promise.all([cache.close(), cache.close()])
  await cache.close()
  expect(close).toHaveBeenCalledTimes(1)
})

it('a write after close() reaches the database, and the first one warns that it invalidates nothing', async () => {
  const { cache, put, get, engine } = simulatedProcess()
  await get(reads.everything())
  await cache.close()
  await get(reads.everything())
  expect(warnings()).toEqual([])
  await put(writes.touch(1))
  await put(writes.touch(2))
  await cache.invalidate({ tags: ['a'] })
  await engine.invalidate({ tables: ['item'] })
  await settled()
  expect((await get(reads.everything())).result.map(({ v }) => v)).toEqual([1_001, 1_002, 3])
  expect(warnings()).toEqual([['LARDER_WRITE_AFTER_CLOSE', expect.stringContaining('after cache.close()')]])
})

it('a write after close() is reported to listeners of `warning` instead of as a process warning', async () => {
  const { cache, engine } = simulatedProcess()
  const messages: string[] = []
  cache.on('warning', ({ code }) => messages.push(code))
  await cache.close()
  const changes = [{ table: 'item', effect: 'unknown' as const }]
  engine.sync.write({ operation: 'w', model: undefined, changes, run: () => {} }, false)
  expect([messages, warnings()]).toEqual([['write-after-close'], []])
})

it.each(['late', 'early'] as const)(
  'a transaction that wrote before close() and commits after it warns (marking %s)',
  async (marking) => {
    const { cache, engine, put, clock } = simulatedProcess({ wrapStore: faultyStore })
    const scope = engine.transaction(marking)
    await put(writes.touch(1), undefined, scope)
    const closing = cache.close()
    await settled()
    await clock.advance(1_000)
    await closing
    await scope.end('committed')
    await settled()
    expect(warnings()).toContainEqual([
      'LARDER_WRITE_AFTER_CLOSE',
      expect.stringContaining('COMMIT of a transaction'),
    ])
  },
)
