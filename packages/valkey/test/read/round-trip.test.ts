import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { createCache } from '@larder/core'
import { repeatWhenBusy } from '@larder/testing'
import { type ValkeyStore, valkeyStore } from '@larder/valkey'
import type { Redis } from 'iovalkey'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { attachRows } from '../support/rows.ts'
import { commandCounts, connectTo, ownServer, type Server } from '../support/server.ts'

repeatWhenBusy()

let valkey: Server
let server: Redis

beforeAll(async () => {
  valkey = await ownServer()
  server = connectTo(valkey.url)
})
afterAll(async () => {
  server.disconnect()
  await valkey.kill()
})

const opened = async (url = valkey.url): Promise<ValkeyStore> => {
  const store = valkeyStore(url)
  await store.ping()
  return store
}

/** What `run` made the server execute. Run again if the incarnation watch happened to ask meanwhile. */
async function executed(run: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await commandCounts(server)
  await run()
  const after = await commandCounts(server)
  const counts = [...after].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const)
  const { info, ...rest } = Object.fromEntries(counts.filter(([, count]) => count > 0))
  return info === 1 ? rest : executed(run)
}

/** Passes bytes on and counts the pieces that go to the server. */
async function counter(): Promise<{ url: string; pieces: string[]; close(): void }> {
  const pieces: string[] = []
  const sockets: Socket[] = []
  const relay = createServer((client) => {
    const upstream = connect(valkey.port, '127.0.0.1')
    sockets.push(client, upstream)
    client.setNoDelay(true)
    upstream.setNoDelay(true)
    client.on('data', (data) => {
      pieces.push(data.toString('latin1'))
      upstream.write(data)
    })
    upstream.on('data', (data) => client.write(data))
    for (const socket of [client, upstream]) socket.on('error', () => {})
  }).listen(0, '127.0.0.1')
  await once(relay, 'listening')
  const address = relay.address() as { port: number }
  const close = (): void => {
    for (const socket of sockets) socket.destroy()
    relay.close()
  }
  return { url: `valkey://127.0.0.1:${address.port}`, pieces, close }
}

const tables = Array.from({ length: 12 }, (_, index) => ({
  record: `{trip:${index}}`,
  fields: ['list', 'k'],
  cells: Array.from({ length: 20 }, (__, value) => `{trip:${index}}:k=${value}`),
}))

it('a fetch is one packet to the server for any number of tables and cells', async () => {
  const relay = await counter()
  const store = await opened(relay.url)
  await store.seed(tables, 60_000)
  await store.set('trip:e', new Uint8Array(1_000).fill(200), 60_000)
  for (const requests of [tables.slice(0, 1), tables]) {
    relay.pieces.length = 0
    const { tags, entry } = await store.fetch('trip:e', requests)
    expect(tags).toHaveLength(requests.length)
    expect(entry?.bytes[999]).toBe(200)
    expect(relay.pieces.filter((piece) => !/info/.test(piece))).toHaveLength(1)
  }
  await store.close()
  relay.close()
})

it('a fetch costs an HMGET per table, one MGET, and no script or PTTL', async () => {
  const store = await opened()
  await store.seed(tables, 60_000)
  expect(await executed(() => store.fetch('trip:e', tables))).toEqual({ hmget: 12, mget: 1 })
  await store.close()
})

it('fetches of one turn share the HMGET of a record and one MGET', async () => {
  const store = await opened()
  await store.seed(tables, 60_000)
  const [{ record, cells }] = tables as [(typeof tables)[number]]
  // Fewer than are worth two packets, for this may be repeated.
  const requests = cells
    .slice(0, 15)
    .map((cell) => store.fetch.bind(store, undefined, [{ record, fields: ['list', 'k'], cells: [cell] }]))
  expect(await executed(() => Promise.all(requests.map((fetch) => fetch())))).toEqual({ hmget: 1, mget: 1 })
  await store.close()
})

it('every record is read before any cell, even across reads of one turn', async () => {
  const relay = await counter()
  const store = await opened(relay.url)
  relay.pieces.length = 0
  await Promise.all(
    tables.map((table) => store.fetch('trip:e', [{ ...table, cells: table.cells.slice(0, 1) }])),
  )
  const sent = relay.pieces.filter((piece) => piece.includes('hmget')).join('')
  expect(sent.match(/hmget/g)).toHaveLength(tables.length)
  expect(sent.lastIndexOf('hmget')).toBeLessThan(sent.indexOf('\r\nmget'))
  await store.close()
  relay.close()
})

it('a hit is one fetch, and a write is one mark and one finish', async () => {
  const cache = createCache({
    store: await opened(),
    namespace: 'trip',
    finish: 'await',
    memory: { mode: 'off' },
  })
  const rows = attachRows(cache, server, 'trip:rows')
  await rows.write(1, 'a')
  await rows.read(1)
  await expect.poll(async () => (await rows.read(1)).source).toBe('store')
  // The row itself lies in the server too, as the database of this test.
  expect(await executed(() => rows.read(1))).toEqual({ hmget: 1, mget: 1 })
  const { evalsha = 0, eval: evaluated = 0 } = await executed(() => rows.write(1, 'b'))
  expect(evalsha + evaluated).toBe(2)
  await cache.close()
})

it('no command lists, scans or deletes while blocking other clients', async () => {
  const store = await opened()
  await store.seed(tables, 60_000)
  await store.invalidateAll()
  await store.close()
  const names = new Set((await commandCounts(server)).keys())
  for (const command of ['keys', 'scan', 'smembers', 'hscan', 'del', 'flushall', 'flushdb'])
    expect(names).not.toContain(command)
})

it('scripts are sent once per connection, then by digest, and again after the server has lost them', async () => {
  const store = await opened()
  const [first] = tables
  await store.seed([first!], 60_000)
  expect(await executed(() => store.seed([first!], 60_000))).toMatchObject({ evalsha: 1 })
  await server.script('FLUSH')
  const { tags } = await store.seed([first!], 60_000)
  expect(tags[0]?.fields.map((tag) => tag?.dirty)).toEqual([false, false])
  await store.close()
})

it('any bytes are returned as they were stored', async () => {
  const store = await opened()
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
  // A view into the middle of a larger buffer, as encoders return them.
  await store.set('trip:b', new Uint8Array([9, ...bytes, 9]).subarray(1, 257), 60_000)
  expect((await store.fetch('trip:b', [])).entry?.bytes).toEqual(Buffer.from(bytes))
  await store.close()
})

it('a key that Larder did not store counts as expired', async () => {
  const store = await opened()
  await server.set('trip:forever', 'x')
  expect((await store.fetch('trip:forever', [])).entry?.remaining).toBeLessThanOrEqual(0)
  await store.close()
})
