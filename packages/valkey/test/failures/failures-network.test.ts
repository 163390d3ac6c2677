import { once } from 'node:events'
import { createServer, type Server as Listener } from 'node:net'
import { FRESH, repeatWhenBusy, valkeyUrl } from '@larder/testing'
import type { ValkeyStoreOptions } from '@larder/valkey'
import type { Redis } from 'iovalkey'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { type FaultProxy, faultProxy } from '../support/fault-proxy.ts'
import { connectTo, ownServer, type Server, until } from '../support/server.ts'
import { brief, startLoad } from '../support/server-load.ts'
import {
  allHit,
  createPlace,
  join,
  type Member,
  type SharedPlace,
  timed,
  timedWrite,
  valuesOf,
  warm,
} from '../support/server-members.ts'

repeatWhenBusy()

const PASSWORD = 'secret'

let database: Redis
let valkey: Server
let server: Redis
let place: SharedPlace
let proxy: FaultProxy
const members: Member[] = []

beforeAll(async () => {
  database = connectTo(await valkeyUrl())
  valkey = await ownServer(['--requirepass', PASSWORD])
  server = connectTo(valkey.url.replace('://', `://:${PASSWORD}@`))
  server.on('error', () => {})
})
afterAll(async () => {
  database.disconnect()
  server.disconnect()
  await valkey.stop()
})
beforeEach(async () => {
  place = createPlace(database)
  proxy = await faultProxy(valkey.port)
})
afterEach(async () => {
  await Promise.all(members.splice(0).map(({ cache }) => cache.close()))
  proxy.close()
  await database.unlink(place.name)
})

const through = (url: string): ValkeyStoreOptions => ({ url, password: PASSWORD })
const joined = async (url: string, mode: Member['mode'] = 'off'): Promise<Member> => {
  const member = await join(place, through(url), mode)
  members.push(member)
  return member
}

it('replies that are two seconds late delay at most a few calls, fail no write and cause no stale read', async () => {
  const [near, far] = [await joined(valkey.url), await joined(proxy.url)]
  await warm([near, far], 'a')
  // Each way.
  proxy.delay(1_000)
  const reading = await timed(() => far.read(1))
  expect(reading).toMatchObject({ value: 'a', source: 'database' })
  expect(reading.took).toBeLessThan(500)
  await near.write(1, 'b')
  expect(await valuesOf([near, far]), FRESH).toEqual(['b', 'b'])
  expect(await timedWrite(far, 'c')).toBeLessThan(3_000)
  expect((await far.read(1)).value, FRESH).toBe('c')
  // By now nobody waits for it.
  await until(async () => (await timed(() => far.read(1))).took < 50)
  proxy.delay(0)
  await allHit([far, near])
  expect(await valuesOf([near, far]), FRESH).toEqual(['c', 'c'])
})

it('a network that is slow at times and cuts connections causes no stale read', async () => {
  // Whoever writes has a good network: what a writer cannot tell, others cannot know.
  const [near, ...far] = [
    await joined(valkey.url),
    await joined(proxy.url),
    await joined(proxy.url, 'validate'),
  ] as const
  const load = startLoad([near, ...far], [1, 2, 3], { reads: 5, writes: 20, writers: [near] })
  await load.hits(10)
  for (const late of [30, 300, 80, 1_000]) {
    proxy.delay(late)
    const { length } = load.seen
    await until(() => load.seen.length > length + 60)
    if (late > 50) proxy.cut()
    proxy.delay(0)
  }
  await load.hits(10)
  await load.stop()
  expect(load.rejected).toEqual([])
  expect(brief(load.stale()), FRESH).toEqual([])
})

/** What a member does that has never reached a server: everything, at the database's speed. */
async function worksAlone(options: ValkeyStoreOptions): Promise<Member> {
  const member = await join(place, options, 'validate', false)
  members.push(member)
  await member.read(1)
  for (const value of ['1', '2']) {
    expect(await timedWrite(member, value)).toBeLessThan(2_500)
    const reading = await timed(() => member.read(1))
    expect(reading).toMatchObject({ value, source: 'database' })
    expect(reading.took).toBeLessThan(500)
  }
  return member
}

it('a wrong password costs hits and nothing else', async () => {
  const member = await worksAlone({ url: valkey.url, password: 'wrong' })
  await expect(member.store.ping()).rejects.toThrow(/WRONGPASS/)
})

it('a password that is changed and changed back causes no stale read', async () => {
  const both = [await joined(valkey.url), await joined(valkey.url, 'validate')] as const
  await warm(both, 'a')
  await server.config('SET', 'requirepass', 'other')
  await server.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  await both[0].write(1, 'b')
  expect(await valuesOf(both), FRESH).toEqual(['b', 'b'])
  await server.config('SET', 'requirepass', PASSWORD)
  await allHit(both)
  expect(await valuesOf(both), FRESH).toEqual(['b', 'b'])
})

it('a closed port costs hits and nothing else', async () => {
  const closedProxy = await faultProxy(valkey.port)
  closedProxy.close()
  const member = await worksAlone(through(closedProxy.url))
  await expect(member.store.ping()).rejects.toThrow(/ECONNREFUSED/)
})

/** A server that is no Valkey: it says `words` to whoever connects, and to everything it is told. */
async function stranger(words: string): Promise<Listener> {
  const listener = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', () => words && socket.write(words))
    if (words) socket.write(words)
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return listener
}

it.each([
  ['never answers', ''],
  ['speaks HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ['sends invalid replies', '+OK\r\n'],
])('a port whose owner %s costs hits and nothing else', async (_, words) => {
  const listener = await stranger(words)
  const { port } = listener.address() as { port: number }
  await worksAlone({ url: `valkey://127.0.0.1:${port}` })
  listener.close()
})
