import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { createCache } from '@larder/core'
import { repeatWhenBusy } from '@larder/testing'
import { type ValkeyStore, valkeyStore } from '@larder/valkey'
import type { Redis } from 'iovalkey'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { connectTo, ownServer, type Server, until } from '../support/server.ts'

repeatWhenBusy()

/** With pauses that begin anew with every connection there are about 19 attempts in a second. */
const MOST_IN_THREE_SECONDS = 14

const stores: ValkeyStore[] = []
const make = (url: string): ValkeyStore => {
  const store = valkeyStore(url)
  stores.push(store)
  return store
}
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()))
})

describe('a server at its maxclients', () => {
  let valkey: Server
  let server: Redis
  beforeAll(async () => {
    valkey = await ownServer()
    server = connectTo(valkey.url)
    await server.config('SET', 'maxclients', '1')
  })
  afterAll(async () => {
    server.disconnect()
    await valkey.stop()
  })
  beforeEach(() => server.config('SET', 'maxclients', '1'))
  const refused = async (): Promise<number> =>
    Number(/^rejected_connections:(\d+)/m.exec(await server.info('stats'))?.[1])

  it('is retried less and less often, is named by ping(), and is used once it has room', async () => {
    const store = make(valkey.url)
    const before = await refused()
    await wait(3_000)
    const attempts = (await refused()) - before
    expect(attempts).toBeGreaterThan(3)
    expect(attempts).toBeLessThan(MOST_IN_THREE_SECONDS)
    await expect(store.ping()).rejects.toThrow(/127\.0\.0\.1.*maxclients/)
    await server.config('SET', 'maxclients', '100')
    await until(async () => (await store.ping().catch((error: unknown) => error)) === undefined)
  })

  it('emits one process warning with its address if there are no listeners', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const cache = createCache({ store: make(valkey.url) })
    const read = () => cache.wrap('refused', { ttl: '1s' }, async () => 1)
    await until(async () => (await read()) === 1 && warned.mock.calls.length > 0)
    for (let time = 0; time < 10; time++) await read()
    expect(warned.mock.calls).toEqual([
      [expect.stringMatching(/valkey at 127\.0\.0\.1:\d+.*maxclients/), { code: 'LARDER_STORE_UNAVAILABLE' }],
    ])
    await server.config('SET', 'maxclients', '100')
    await until(() => warned.mock.calls.length > 1)
    expect(warned.mock.calls[1]?.[1]).toEqual({ code: 'LARDER_STORE_READY' })
    warned.mockRestore()
    await cache.close()
  })
})

describe('a server that closes connections', () => {
  it.each([
    ['without a reply', (socket: Socket) => socket.end()],
    ['with a reset', (socket: Socket) => socket.resetAndDestroy()],
    ['after the first command', (socket: Socket) => socket.once('data', () => socket.destroy())],
  ])('%s is retried less and less often, and ping() rejects with the reason', async (_, hangUp) => {
    let attempts = 0
    const listener = createServer((socket) => {
      attempts++
      socket.on('error', () => {})
      hangUp(socket)
    }).listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as { port: number }
    const store = make(`valkey://127.0.0.1:${port}`)
    await wait(3_000)
    expect(attempts).toBeGreaterThan(3)
    expect(attempts).toBeLessThan(MOST_IN_THREE_SECONDS)
    await expect(store.ping()).rejects.toThrow(/closed the connection before it answered/)
    await store.close()
    listener.close()
  })
})

it('ping() of a port that never answers rejects in time with the reason', async () => {
  const listener = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as { port: number }
  const store = valkeyStore({ url: `valkey://127.0.0.1:${port}`, connectTimeout: 500 })
  const began = performance.now()
  await expect(store.ping()).rejects.toThrow(/Socket timeout|no answer within 5500 ms/)
  expect(performance.now() - began).toBeLessThan(7_000)
  await store.close()
  listener.close()
})

it('ping() of a Sentinel that does not monitor the name rejects in time', async () => {
  const server = await ownServer()
  const { port } = server
  const store = valkeyStore({ sentinels: [{ host: '127.0.0.1', port }], name: 'nobody', connectTimeout: 500 })
  const began = performance.now()
  await expect(store.ping()).rejects.toThrow(/nobody/)
  expect(performance.now() - began).toBeLessThan(7_000)
  await store.close()
  await server.stop()
})
