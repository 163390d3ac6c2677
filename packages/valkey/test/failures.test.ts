import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Cache, createCache } from '@larder/core'
import { valkeyUrl } from '@larder/testing'
import { type ValkeyStore, valkeyStore } from '@larder/valkey'
import type { Redis } from 'iovalkey'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { attachRows, type Rows } from './rows.ts'
import { look, ownServer, type Server, until } from './server.ts'

/** One process's part: a cache over the server that fails, and rows in a database that does not. */
interface Member extends Rows {
  readonly cache: Cache
  readonly store: ValkeyStore
}

let database: Redis
let folder: string
let own: Server
let server: Redis
let members: [Member, Member]
let test = 0

beforeAll(async () => {
  database = look(await valkeyUrl())
})
afterAll(() => database.disconnect())

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'larder-valkey-'))
  own = await ownServer(['--dir', folder])
  server = look(own.url)
  server.on('error', () => {})
  const name = `failures:${process.pid}:${test++}`
  const member = async (): Promise<Member> => {
    const store = valkeyStore(own.url)
    await store.ping()
    const cache = createCache({ store })
    return { cache, store, ...attachRows(cache, database, name) }
  }
  members = [await member(), await member()]
})
afterEach(async () => {
  own.resume()
  await Promise.all(members.map(({ cache }) => cache.close()))
  server.disconnect()
  await own.kill()
  rmSync(folder, { recursive: true, force: true })
})

const isHit = async ({ read }: Member, id = 1): Promise<boolean> => (await read(id)).source === 'store'

/** A value in the database and, as an entry, in the store: both members hit. */
async function warm(value: string, id = 1): Promise<void> {
  await members[0].write(id, value)
  for (const member of members) await until(() => isHit(member, id))
}

/** Milliseconds that `run` took, and what it gave. */
async function timed<T>(run: () => Promise<T>): Promise<T & { readonly took: number }> {
  const started = performance.now()
  const result = await run()
  return { ...result, took: performance.now() - started }
}

it('FLUSHALL costs a miss and brings nothing back', async () => {
  await warm('a')
  await server.flushall()
  expect(await members[1].read(1)).toMatchObject({ value: 'a', source: 'database' })
  await members[0].write(1, 'b')
  expect((await members[1].read(1)).value).toBe('b')
  await until(() => isHit(members[1]))
  expect((await members[0].read(1)).value).toBe('b')
})

it('SCRIPT FLUSH in the middle of everything loses nothing', async () => {
  await warm('a')
  for (let time = 0; time < 20; time++) {
    const flushed = server.script('FLUSH')
    await members[time % 2]!.write(1, `b${time}`)
    expect((await members[1 - (time % 2)]!.read(1)).value).toBe(`b${time}`)
    await flushed
  }
  expect(members.map(({ cache }) => cache.stats().bypasses)).not.toContain(20)
})

it('connections that the server kills cost a few reads from the database, and come back', async () => {
  await warm('a')
  await server.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  const seen = await Promise.all(members.map(({ read }) => timed(() => read(1))))
  expect(seen.map(({ value }) => value)).toEqual(['a', 'a'])
  for (const { took } of seen) expect(took).toBeLessThan(300)
  await members[0].write(1, 'b')
  for (const member of members) expect((await member.read(1)).value).toBe('b')
  for (const member of members) await until(() => isHit(member))
  for (const member of members) expect((await member.read(1)).value).toBe('b')
})

it('a server that is gone costs no time, fails no write, and shows nothing old when it is back', async () => {
  await warm('a')
  await own.kill()
  const written = await timed(async () => members[0].write(1, 'b').then(() => ({})))
  expect(written.took).toBeLessThan(300)
  for (const member of members) {
    const seen = await timed(() => member.read(1))
    expect(seen).toMatchObject({ value: 'b', source: 'database' })
    expect(seen.took).toBeLessThan(150)
  }
  await own.start()
  for (const member of members) await until(() => isHit(member))
  for (const member of members) expect((await member.read(1)).value).toBe('b')
})

it('a server that comes back with an old snapshot, tags and entries as they were, serves none of it', async () => {
  await warm('a')
  await server.save()
  const before = (await members[1].store.fetch(undefined, [])).epoch
  await members[0].write(1, 'b')
  for (const member of members) await until(() => isHit(member))
  await own.kill()
  await own.start()
  // The entry of 'a' and the very nonces it was stored under are there again.
  await until(async () => (await server.dbsize()) > 1)
  for (const member of members) expect((await member.read(1)).value).toBe('b')
  for (const member of members) await until(() => isHit(member))
  for (const member of members) expect((await member.read(1)).value).toBe('b')
  expect((await members[1].store.fetch(undefined, [])).epoch).not.toBe(before)
})

it('a server that hangs delays reads to their deadline, then not at all; writes resolve; nothing old afterwards', async () => {
  await warm('a')
  own.pause()
  const first = await timed(() => members[1].read(1))
  expect(first).toMatchObject({ value: 'a', source: 'database' })
  expect(first.took).toBeLessThan(250)
  const written = await timed(async () => members[0].write(1, 'b').then(() => ({})))
  expect(written.took).toBeLessThan(2_500)
  // Two seconds without an answer: nobody waits for it any more.
  expect((await timed(() => members[1].read(1))).took).toBeLessThan(50)
  own.resume()
  // The writer serves hits again only when its invalidation has arrived.
  await until(() => isHit(members[0]))
  for (const member of members) expect((await member.read(1)).value).toBe('b')
  for (const member of members) await until(() => isHit(member))
  for (const member of members) expect((await member.read(1)).value).toBe('b')
})

it('a server that hangs from the first moment is told by ping, and holds no call for ever', async () => {
  own.pause()
  const started = performance.now()
  const store = valkeyStore(own.url)
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

it('what the writer could not tell a hanging server, it never reads old itself', async () => {
  await warm('a')
  own.pause()
  await members[0].write(1, 'b')
  own.resume()
  for (let time = 0; time < 50; time++) expect((await members[0].read(1)).value).toBe('b')
})

it('a full server that evicts nothing still takes marks and finishes', async () => {
  await warm('a')
  await server.config('SET', 'maxmemory', '1')
  await expect(server.set('anything', 'x')).rejects.toThrow(/OOM/)
  await members[0].write(1, 'b')
  for (const member of members) expect((await member.read(1)).value).toBe('b')
  // It goes on being trusted, although it takes no entries.
  await wait(2_200)
  expect((await members[1].store.fetch(undefined, [])).tags).toEqual([])
  await members[0].cache.invalidate({ all: true })
})

it('a primary that became a replica is not believed', async () => {
  await warm('a')
  await server.replicaof('127.0.0.1', '1')
  // Asked, it says so itself; unasked, it is noticed at the next look, a second later.
  await until(
    () =>
      members[1].store.ping().then(
        () => false,
        () => true,
      ),
    5_000,
  )
  await until(async () => (await members[1].read(1)).reason === 'unavailable', 5_000)
  await members[0].write(1, 'b')
  for (const member of members) expect((await member.read(1)).value).toBe('b')
})
