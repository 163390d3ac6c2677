import { setTimeout as wait } from 'node:timers/promises'
import { FRESH, repeatWhenBusy, valkeyUrl } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import type { Redis } from 'iovalkey'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { connectTo, ownServer, type Server, until } from '../support/server.ts'
import {
  allHit,
  createPlace,
  isHit,
  join,
  type Member,
  recordOf,
  type SharedPlace,
  timed,
  timedWrite,
  valuesOf,
  warm,
} from '../support/server-members.ts'

repeatWhenBusy()

let database: Redis
let valkey: Server
let server: Redis
let place: SharedPlace
/** The second keeps nothing in its memory. */
let members: [Member, Member]

beforeAll(async () => {
  database = connectTo(await valkeyUrl())
})
afterAll(() => database.disconnect())

beforeEach(async () => {
  // A key takes its time when a snapshot is loaded, and questions are answered meanwhile.
  valkey = await ownServer(['--key-load-delay', '5000', '--loading-process-events-interval-bytes', '1024'])
  server = connectTo(valkey.url)
  server.on('error', () => {})
  place = createPlace(database)
  members = [await join(place, valkey.url), await join(place, valkey.url, 'off')]
})
afterEach(async () => {
  valkey.resume()
  await Promise.all(members.map(({ cache }) => cache.close()))
  server.disconnect()
  await valkey.stop()
  await database.unlink(place.name)
})

/** Both hit again, and hit what is in the database. */
async function recovered(value: string): Promise<void> {
  await allHit(members)
  expect(await valuesOf(members), FRESH).toEqual([value, value])
}

it('FLUSHALL costs a miss and restores nothing stale', async () => {
  await warm(members, 'a')
  await server.flushall()
  expect(await members[1].read(1)).toMatchObject({ value: 'a', source: 'database' })
  await members[0].write(1, 'b')
  expect((await members[1].read(1)).value, FRESH).toBe('b')
  await recovered('b')
})

it('SCRIPT FLUSH during reads and writes loses nothing', async () => {
  await warm(members, 'a')
  for (let time = 0; time < 20; time++) {
    const flushed = server.script('FLUSH')
    await members[time % 2]!.write(1, `b${time}`)
    expect((await members[1 - (time % 2)]!.read(1)).value, FRESH).toBe(`b${time}`)
    await flushed
  }
  expect(members.map(({ cache }) => cache.stats().bypasses)).not.toContain(20)
})

it('killed connections cost a few bypasses and are restored', async () => {
  await warm(members, 'a')
  await server.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  const results = await Promise.all(members.map(({ read }) => timed(() => read(1))))
  expect(results.map(({ value }) => value)).toEqual(['a', 'a'])
  for (const { took } of results) expect(took).toBeLessThan(300)
  await members[0].write(1, 'b')
  for (const member of members) expect((await member.read(1)).value, FRESH).toBe('b')
  await recovered('b')
})

it('an absent server delays nothing and fails no write, and no read is stale when it is back', async () => {
  await warm(members, 'a')
  await valkey.kill()
  expect(await timedWrite(members[0], 'b')).toBeLessThan(300)
  for (const member of members) {
    const reading = await timed(() => member.read(1))
    expect(reading).toMatchObject({ value: 'b', source: 'database' })
    expect(reading.took).toBeLessThan(150)
  }
  await valkey.start()
  await recovered('b')
})

it('a server that restarts with an old snapshot of tags and entries serves none of it', async () => {
  // Who wrote is gone by then: it would say again what was lost.
  const writer = await join(place, valkey.url)
  await warm([writer, ...members], 'a')
  const nonce = await server.hget(recordOf(place), 'list')
  await server.save()
  await writer.write(1, 'b')
  await writer.cache.close()
  await allHit(members)
  await valkey.restart()
  await until(async () => (await server.hget(recordOf(place), 'list')) === nonce)
  expect(await valuesOf(members), FRESH).toEqual(['b', 'b'])
  await recovered('b')
  // What made the entry of 'a' worthless was the server's life, not a change of its tags.
  expect(await server.hget(recordOf(place), 'list')).toBe(nonce)
})

it('a server that is loading its data delays nothing and fails no write, and no read is stale afterwards', async () => {
  await warm(members, 'a')
  await server.mset(
    Object.fromEntries(Array.from({ length: 300 }, (_, key) => [`load:${key}`, 'x'.repeat(99)])),
  )
  await server.save()
  await members[0].write(1, 'b')
  await valkey.kill()
  await valkey.start('listening')
  await expect(valkey.call('GET', 'x')).rejects.toThrow(/LOADING/)
  for (const member of members) {
    const reading = await timed(() => member.read(1))
    expect(reading).toMatchObject({ value: 'b', source: 'database' })
    expect(reading.took).toBeLessThan(250)
  }
  expect(await timedWrite(members[0], 'c')).toBeLessThan(2_500)
  await expect(valkey.call('GET', 'x')).rejects.toThrow(/LOADING/)
  await until(() => valkey.call('GET', 'x').then(() => true))
  await recovered('c')
})

it('a server that hangs delays reads up to their deadline and then not at all, writes resolve, and no read is stale afterwards', async () => {
  await warm(members, 'a')
  valkey.pause()
  const first = await timed(() => members[1].read(1))
  expect(first).toMatchObject({ value: 'a', source: 'database' })
  // The deadline is 100 ms; a machine that is busy is late by itself.
  expect(first.took).toBeLessThan(1_000)
  expect(await timedWrite(members[0], 'b')).toBeLessThan(2_500)
  // After a few reads without an answer nobody waits for it any more.
  await until(async () => (await timed(() => members[1].read(1))).took < 100)
  valkey.resume()
  // The writer serves hits again only when its invalidation has arrived.
  await until(() => isHit(members[0]))
  for (const member of members) expect((await member.read(1)).value, FRESH).toBe('b')
  await recovered('b')
})

it('a server that hangs from the start is reported by ping, and no call hangs', async () => {
  valkey.pause()
  const started = performance.now()
  const store = valkeyStore(valkey.url)
  const calls = [
    store.ping(),
    store.fetch('e', []),
    members[0].store.set('e', new Uint8Array(9), 1_000),
    members[0].store.ping(),
  ]
  const ends = await Promise.allSettled(calls)
  for (const end of ends) expect(String(end.status === 'rejected' && end.reason)).toMatch(/Socket timeout/)
  expect(performance.now() - started).toBeLessThan(4_500)
  await store.close()
})

it('a writer that could not reach a hanging server never reads its own write stale', async () => {
  await warm(members, 'a')
  valkey.pause()
  await members[0].write(1, 'b')
  valkey.resume()
  for (let time = 0; time < 50; time++) expect((await members[0].read(1)).value, FRESH).toBe('b')
})

it('a full server that evicts nothing still accepts marks and finishes', async () => {
  await warm(members, 'a')
  await server.config('SET', 'maxmemory', '1')
  await expect(server.set('anything', 'x')).rejects.toThrow(/OOM/)
  await members[0].write(1, 'b')
  expect(await valuesOf(members), FRESH).toEqual(['b', 'b'])
  // It goes on being trusted, although it takes no entries.
  await wait(2_200)
  expect((await members[1].store.fetch(undefined, [])).tags).toEqual([])
  await members[0].cache.invalidate({ all: true })
  await server.config('SET', 'maxmemory', '0')
  await recovered('b')
})

it('a server that accepts no writes is not used and fails no write, and no read is stale afterwards', async () => {
  await warm(members, 'a')
  // As a primary that lost its replicas, or one that cannot save.
  await server.config('SET', 'min-replicas-to-write', '1')
  await expect(server.set('anything', 'x')).rejects.toThrow(/NOREPLICAS/)
  expect(await timedWrite(members[0], 'b')).toBeLessThan(2_500)
  expect((await members[0].read(1)).value, FRESH).toBe('b')
  await until(async () => (await members[1].read(1)).reason === 'unavailable')
  expect(await valuesOf(members), FRESH).toEqual(['b', 'b'])
  await members[1].write(1, 'c')
  expect(await valuesOf(members), FRESH).toEqual(['c', 'c'])
  await server.config('SET', 'min-replicas-to-write', '0')
  await recovered('c')
})

it('a primary that became a replica is not used until it is a primary again', async () => {
  await warm(members, 'a')
  await server.replicaof('127.0.0.1', '1')
  const refused = (): Promise<boolean> =>
    members[1].store.ping().then(
      () => false,
      () => true,
    )
  // Asked, it says so itself; unasked, it is noticed at the next look, a second later.
  await until(refused)
  await until(async () => (await members[1].read(1)).reason === 'unavailable')
  await members[0].write(1, 'b')
  expect(await valuesOf(members), FRESH).toEqual(['b', 'b'])
  await server.replicaof('NO', 'ONE')
  await recovered('b')
})
