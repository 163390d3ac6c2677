import { setTimeout as wait } from 'node:timers/promises'
import { createCache } from '@larder/core'
import { type Cluster, FRESH, repeatWhenBusy, startCluster, valkeyUrl } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import type { Redis } from 'iovalkey'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type MemberProcesses, startMembers } from '../support/member-processes.ts'
import { commandCounts, connectTo, ownServer, type Server, until } from '../support/server.ts'
import {
  allHit,
  createPlace,
  isHit,
  join,
  type Member,
  type SharedPlace,
  warm,
} from '../support/server-members.ts'

repeatWhenBusy()

/** Within this time every process follows, in milliseconds. */
const WITHIN = 2_000
const DISABLED = { source: 'database', reason: 'disabled' }

let database: Redis
let valkey: Server
let server: Redis
let place: SharedPlace
let members: Member[]

beforeAll(async () => {
  database = connectTo(await valkeyUrl())
})
afterAll(() => database.disconnect())
beforeEach(async () => {
  valkey = await ownServer()
  server = connectTo(valkey.url)
  server.on('error', () => {})
  place = createPlace(database)
  members = [await join(place, valkey.url), await join(place, valkey.url, 'off')]
})
afterEach(async () => {
  await Promise.all(members.map(({ cache }) => cache.close()))
  server.disconnect()
  await valkey.stop()
  await database.unlink(place.name)
})

const codesOf = ({ cache }: Pick<Member, 'cache'>): string[] => {
  const codes: string[] = []
  cache.on('warning', ({ code }) => codes.push(code))
  return codes
}
const member = (index: number): Member => members[index] as Member

it('a pause of the fleet reaches another process within two seconds, and so does its end', async () => {
  await warm(members, 'a')
  await member(0).cache.pause('incident', { fleet: true })
  expect(member(0).cache).toMatchObject({ paused: true, pauseReason: 'incident' })
  await until(() => member(1).cache.paused, WITHIN)
  expect(member(1).cache.pauseReason).toBe('incident')
  expect(await member(1).read(1)).toMatchObject(DISABLED)
  // Writes still invalidate: nothing older is served when the fleet goes on.
  await member(1).write(1, 'b')
  await member(1).cache.resume({ fleet: true })
  await until(() => !member(0).cache.paused, WITHIN)
  expect((await member(0).read(1)).value, FRESH).toBe('b')
  await allHit(members)
})

it('a process that starts while the fleet is paused serves nothing from the cache', async () => {
  await warm(members, 'a')
  await member(0).cache.pause('incident', { fleet: true })
  const late = await join(place, valkey.url, 'validate', false)
  members.push(late)
  // Its first reads: those that the store could not answer yet go to the database as well.
  for (let time = 0; time < 20; time++) expect((await late.read(1)).source).toBe('database')
  await late.store.ping()
  expect(await late.read(1)).toMatchObject(DISABLED)
  await late.cache.resume({ fleet: true })
  await until(() => isHit(late), WITHIN)
})

it('a cache that is created over an already connected store starts paused', async () => {
  const first = createCache({ store: valkeyStore(valkey.url) })
  await first.pause('incident', { fleet: true })
  const store = valkeyStore(valkey.url)
  await store.ping()
  const cache = createCache({ store })
  expect(cache).toMatchObject({ paused: true, pauseReason: 'incident' })
  await cache.resume({ fleet: true })
  await Promise.all([first.close(), cache.close()])
})

it('a separate process is paused and resumed', async () => {
  const processes: MemberProcesses = await startMembers(1, valkey.url, 'rows', 'validate')
  onTestFinished(() => processes.stop())
  const read = () => processes.ask<{ source: string; reason?: string }>(0, { read: 1 })
  await processes.ask(0, { write: 1, value: 'a' })
  await until(async () => (await read()).source !== 'database')
  const cache = createCache({ store: valkeyStore(valkey.url) })
  await cache.pause('incident', { fleet: true })
  await until(async () => (await read()).reason === 'disabled', WITHIN)
  await cache.resume({ fleet: true })
  await until(async () => (await read()).source !== 'database', WITHIN)
  await cache.close()
})

it.each([
  ['FLUSHALL', async () => void (await server.flushall())],
  ['the eviction of the key', async () => void (await server.unlink(`${place.name}:pause`))],
  ['a restart without its data', () => valkey.restart()],
])('%s does not end a pause: a running process restores it, and warns', async (_, lose) => {
  const codes = members.map(codesOf)
  await member(0).cache.pause('incident', { fleet: true })
  await until(() => member(1).cache.paused, WITHIN)
  await lose()
  await until(async () => (await server.get(`${place.name}:pause`).catch(() => null)) === '1incident')
  expect(members.map(({ cache }) => cache.paused)).toEqual([true, true])
  await until(() => codes.flat().includes('pause-restored'))
  const late = await join(place, valkey.url)
  members.push(late)
  expect(late.cache.paused).toBe(true)
})

it('a pause that was lost long ago is not restored, and its loss is a warning', async () => {
  const codes = codesOf(member(0))
  await member(0).cache.pause('incident', { fleet: true })
  await valkey.kill()
  await member(1).cache.close()
  members.pop()
  // The process was cut off for more than a minute.
  const now = performance.now.bind(performance)
  const later = vi.spyOn(performance, 'now').mockImplementation(() => now() + 61_000)
  onTestFinished(() => void later.mockRestore())
  await valkey.start()
  await until(() => codes.includes('pause-lost'))
  expect(member(0).cache.paused).toBe(false)
  expect(await server.get(`${place.name}:pause`)).toBeNull()
})

it('the end of a pause is stored, so that no process restores the pause', async () => {
  await member(0).cache.pause('incident', { fleet: true })
  await until(() => member(1).cache.paused, WITHIN)
  await member(1).cache.resume({ fleet: true })
  await until(() => !member(0).cache.paused, WITHIN)
  expect(await server.get(`${place.name}:pause`)).toBe('0')
  await wait(WITHIN)
  expect(members.map(({ cache }) => cache.paused)).toEqual([false, false])
})

it('a pause has no expiry, and a full server stores it', async () => {
  await server.config('SET', 'maxmemory-policy', 'noeviction')
  await server.config('SET', 'maxmemory', '1mb')
  await member(0).cache.pause('incident', { fleet: true })
  expect(await server.pttl(`${place.name}:pause`)).toBe(-1)
  await until(() => member(1).cache.paused, WITHIN)
})

it('an idle process sends one command more per second, in the packet of its health check', async () => {
  await Promise.all(members.splice(1).map(({ cache }) => cache.close()))
  const before = await commandCounts(server)
  await wait(3_000)
  const after = await commandCounts(server)
  const more = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0)
  // The epoch's script reads once as well.
  expect(more('evalsha')).toBeGreaterThanOrEqual(2)
  expect(more('evalsha')).toBeLessThanOrEqual(4)
  expect(more('get') - more('evalsha')).toBeGreaterThanOrEqual(2)
  expect(more('get') - more('evalsha')).toBeLessThanOrEqual(4)
})

it('cache.pause() of the fleet rejects while the server does not answer', async () => {
  valkey.pause()
  onTestFinished(() => valkey.resume())
  await expect(member(0).cache.pause('incident', { fleet: true })).rejects.toMatchObject({
    code: 'LARDER_STORE',
  })
})

describe('in a Cluster', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster({ replicas: 0, settings: ['--cluster-require-full-coverage', 'no'] })
  })
  afterAll(() => cluster?.stop())

  it('a pause survives the loss of a shard', async () => {
    const nodes = { nodes: [...cluster.urls] }
    const clustered = [await join(place, nodes), await join(place, nodes)]
    onTestFinished(async () => {
      await Promise.all(clustered.map(({ cache }) => cache.close()))
    })
    await clustered[0]?.cache.pause('incident', { fleet: true })
    await until(() => clustered[1]?.cache.paused === true, WITHIN)
    const lost = await cluster.primaryOf(`${place.name}:pause{a}`)
    await lost.kill()
    await wait(WITHIN)
    expect(clustered.map(({ cache }) => cache.paused)).toEqual([true, true])
    // A process that starts now reads it from the other shards.
    const late = await join(place, nodes, 'validate', false)
    clustered.push(late)
    await until(() => late.cache.paused)
    // Not every part can be told of the end, and the caller hears that.
    await expect(clustered[0]?.cache.resume({ fleet: true })).rejects.toMatchObject({
      code: expect.stringMatching(/^LARDER_STORE/),
    })
    await lost.start()
    await cluster.settled()
    await until(
      () =>
        clustered[0]?.cache.resume({ fleet: true }).then(
          () => true,
          () => false,
        ) ?? false,
      15_000,
    )
    await until(() => clustered.every(({ cache }) => !cache.paused), WITHIN)
  })
})
