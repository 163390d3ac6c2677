import type { Lease } from '@larder/core/store'
import { repeatWhenBusy } from '@larder/testing'
import type { Redis } from 'iovalkey'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createPauses } from '../../src/connection/pauses.ts'
import { subscriberClientOf } from '../../src/connection/subscriber-client.ts'
import { followNode, type NodeFeed } from '../../src/feed/node-feed.ts'
import type { TrustedIncarnation } from '../../src/topology/topology.ts'
import { connectTo, ownServer, type Server, until } from '../support/server.ts'

repeatWhenBusy()

const RECORD = '{n:main:item}'
const CELL = `${RECORD}:id=1`

let valkey: Server
let server: Redis
/** What the feed told: names, or undefined for everything. */
let announced: (readonly string[] | undefined)[]
let refused: unknown[]
/** How the server that answers reads is called, according to the watch. */
let trust: TrustedIncarnation | undefined
let life: string
const feeds: NodeFeed[] = []
const clients: Redis[] = []

beforeEach(async () => {
  valkey = await ownServer()
  server = connectTo(valkey.url)
  server.on('error', () => {})
  announced = []
  refused = []
  life = 'one'
  trust = { incarnation: life, until: Number.POSITIVE_INFINITY }
})
afterEach(async () => {
  for (const feed of feeds.splice(0)) feed.close()
  for (const client of [server, ...clients.splice(0)]) client.disconnect()
  valkey.resume()
  await valkey.kill()
})

/** A feed beside a client for the given URL. */
function follow(original: Redis): NodeFeed {
  clients.push(original)
  original.on('error', () => {})
  const pauses = createPauses()
  const feed = followNode({
    client: subscriberClientOf(original as never, pauses, 'larder-feed'),
    onHeartbeat: pauses.connectionServed,
    prefixes: ['{n:', 'n:e:'],
    now: () => performance.now(),
    incarnationOf: async (client) => String(await client.call('ping')) && life,
    trustedIncarnation: () => trust,
    changed: (names) => void announced.push(names),
    onRefused: (error) => void refused.push(error),
  })
  feeds.push(feed)
  return feed
}

async function lease(feed: NodeFeed, name = 'one'): Promise<Lease> {
  let got: Lease | undefined
  await until(() => {
    got = feed.lease(name)
    return got !== undefined
  })
  return got!
}

const hear = (name: string): Promise<void> => until(() => announced.some((names) => names?.includes(name)))
/** The feed said that anything may have changed. */
const hearAll = (): Promise<void> => until(() => announced.includes(undefined))
const feedId = async (): Promise<string> =>
  /^id=(\d+) .*name=larder-feed/m.exec(String(await server.client('LIST')))?.[1] ?? ''

it.each([
  ['SET of a cell', () => server.set(CELL, 'x'), CELL],
  ['HSET of a record', () => server.hset(RECORD, 'list', 'x'), RECORD],
  ['DEL of a cell', () => server.del(CELL), CELL],
  ['UNLINK of an entry', () => server.unlink('n:e:abc'), 'n:e:abc'],
  ['a rename', () => server.rename(CELL, `${RECORD}:id=2`), CELL],
  ['a script’s write', () => server.eval(`redis.call('SET', KEYS[1], 'y')`, 1, CELL), CELL],
])('%s is announced by name and ends no lease', async (_, change, name) => {
  await server.set(CELL, 'old')
  await server.set('n:e:abc', 'old')
  const feed = follow(connectTo(valkey.url))
  const current = await lease(feed)
  await change()
  await hear(name)
  expect(announced).not.toContain(undefined)
  expect(current.holds()).toBe(true)
})

it('keys of other caches and applications are not announced', async () => {
  await lease(follow(connectTo(valkey.url)))
  await server.set('{m:main:item}', 'x')
  await server.set('n', 'x')
  await server.set('other', 'x')
  await server.set(CELL, 'x')
  await hear(CELL)
  expect(announced).toEqual([[CELL]])
})

it('expiry and eviction are announced', async () => {
  await lease(follow(connectTo(valkey.url)))
  await server.set(CELL, 'x', 'PX', 50)
  await until(() => announced.filter((names) => names?.includes(CELL)).length >= 2)
  await server.hset(RECORD, 'list', 'x')
  announced = []
  await server.config('SET', 'maxmemory-policy', 'allkeys-random', 'maxmemory', '1')
  await server.get('anything').catch(() => {})
  await server.set('n:e:1', 'x').catch(() => {})
  await hear(RECORD)
})

it('FLUSHALL is announced as a change of everything and ends no lease', async () => {
  await server.set(CELL, 'x')
  const current = await lease(follow(connectTo(valkey.url)))
  await server.flushall()
  await hearAll()
  expect(current.holds()).toBe(true)
})

it('the changes of one script arrive as a list of names, whatever their characters', async () => {
  await lease(follow(connectTo(valkey.url)))
  const names = [CELL, `${RECORD}:code=ä,ö`, `${RECORD}:code=日本`]
  await server.eval(`for _, key in ipairs(KEYS) do redis.call('SET', key, '1') end`, 3, ...names)
  for (const name of names) await hear(name)
})

it('a killed connection ends its leases permanently, and the next one receives changes again', async () => {
  const feed = follow(connectTo(valkey.url))
  const before = await lease(feed)
  const id = await feedId()
  await server.client('KILL', 'ID', id)
  await hearAll()
  expect(before.holds()).toBe(false)
  const after = await lease(feed)
  expect(await feedId()).not.toBe(id)
  announced = []
  await server.set(CELL, 'x')
  await hear(CELL)
  expect([before.holds(), after.holds()]).toEqual([false, true])
})

it('a server that stops answering is trusted for a second at most, and changes are announced when it continues', async () => {
  const feed = follow(connectTo(valkey.url))
  const current = await lease(feed)
  valkey.pause()
  const paused = performance.now()
  let last = paused
  await until(() => {
    const sentAt = performance.now()
    if (current.holds()) last = sentAt
    return !current.holds()
  })
  expect(last - paused).toBeLessThan(1_000)
  expect(feed.lease('one')).toBeUndefined()
  announced = []
  valkey.resume()
  const next = await lease(feed)
  expect([current.holds(), next.holds()]).toEqual([false, true])
  await server.set(CELL, 'x')
  await hear(CELL)
})

it('a connection without replies is dropped after a while, and changes arrive again when the server is back', async () => {
  const feed = follow(connectTo(valkey.url))
  const current = await lease(feed)
  const id = await feedId()
  valkey.pause()
  await hearAll()
  valkey.resume()
  await lease(feed)
  expect(current.holds()).toBe(false)
  expect(await feedId()).not.toBe(id)
})

it('kill -9 of the server ends leases immediately, and changes of a new server arrive', async () => {
  const feed = follow(connectTo(valkey.url))
  const current = await lease(feed)
  await valkey.kill()
  await hearAll()
  expect(current.holds()).toBe(false)
  await valkey.start()
  await lease(feed)
  announced = []
  await until(() => server.status === 'ready')
  await server.set(CELL, 'x')
  await hear(CELL)
})

it('a lease ends if the process is too slow to read the heartbeat', async () => {
  const feed = follow(connectTo(valkey.url))
  const current = await lease(feed)
  const end = performance.now() + 1_100
  while (performance.now() < end);
  expect(current.holds()).toBe(false)
  const next = await lease(feed)
  expect(next).not.toBe(current)
})

it('an interruption ends all leases, and later replies get leases again', async () => {
  const feed = follow(connectTo(valkey.url))
  const current = await lease(feed)
  feed.interrupt()
  expect(current.holds()).toBe(false)
  expect(announced).toEqual([undefined])
  expect((await lease(feed)).holds()).toBe(true)
  expect(current.holds()).toBe(false)
})

it('replies of another server get no lease', async () => {
  const feed = follow(connectTo(valkey.url))
  await lease(feed)
  expect(feed.lease('two')).toBeUndefined()
})

it('the feed reconnects when reads are answered by another server', async () => {
  const feed = follow(connectTo(valkey.url))
  const current = await lease(feed)
  const id = await feedId()
  life = 'two'
  trust = { incarnation: life, until: Number.POSITIVE_INFINITY }
  await lease(feed, 'two')
  expect(current.holds()).toBe(false)
  expect(announced).toContain(undefined)
  expect(await feedId()).not.toBe(id)
})

it('leases hold no longer than the server is trusted', async () => {
  trust = undefined
  const feed = follow(connectTo(valkey.url))
  await until(async () => (await feedId()) !== '')
  expect(feed.lease('one')).toBeUndefined()
  trust = { incarnation: life, until: performance.now() + 600 }
  const current = await lease(feed)
  await until(() => !current.holds(), 650)
  expect(feed.lease('one')).toBeUndefined()
})

it.each(['-client|tracking', '-subscribe', 'resetchannels'])(
  'a server that does not allow it (%s) causes one warning and is not asked again',
  async (rule) => {
    await server.acl('SETUSER', 'shy', 'on', 'nopass', '~*', '&*', '+@all', rule)
    const feed = follow(connectTo(valkey.url.replace('//', '//shy:x@')))
    await until(() => refused.length > 0)
    expect(String(refused[0])).toMatch(/NOPERM/)
    await until(async () => (await feedId()) === '')
    expect(feed.lease('one')).toBeUndefined()
    expect(refused).toHaveLength(1)
  },
)

it('after close, no change is announced and no lease holds', async () => {
  const feed = follow(connectTo(valkey.url))
  const current = await lease(feed)
  feed.close()
  expect(current.holds()).toBe(false)
  await until(async () => (await feedId()) === '')
  announced = []
  await server.set(CELL, 'x')
  expect(announced).toEqual([])
  expect(feed.lease('one')).toBeUndefined()
})
