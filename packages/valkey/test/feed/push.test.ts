import { type Cache, createCache, type MemoryOptions } from '@larder/core'
import { FRESH, ownProcess, repeatWhenBusy, valkeyUrl } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import type { Redis } from 'iovalkey'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { attachRows, type Rows } from '../support/rows.ts'
import { look, ownServer, type Server, until } from '../support/server.ts'

repeatWhenBusy()

type Mode = NonNullable<MemoryOptions['mode']>

interface Member extends Rows {
  readonly cache: Cache
  readonly warnings: string[]
}

/** What is promised of push, in milliseconds. */
const BOUND = 1_000

let database: Redis
let own: Server
let server: Redis
let name: string
const members: Member[] = []
let test = 0

beforeAll(async () => {
  database = look(await valkeyUrl())
})
afterAll(() => database.disconnect())
beforeEach(async () => {
  own = await ownServer()
  server = look(own.url)
  server.on('error', () => {})
  name = `push:${process.pid}:${test++}`
})
afterEach(async () => {
  own.resume()
  await Promise.all(members.splice(0).map(({ cache }) => cache.close()))
  server.disconnect()
  await database.unlink(name)
  await own.kill()
})

/** One process's part: a cache over the server, and rows in a database that never fails. */
async function member(mode: Mode, url = own.url): Promise<Member> {
  const store = ownProcess(valkeyStore(url))
  const cache = createCache({ store, memory: { mode } })
  const warnings: string[] = []
  cache.on('warning', ({ code }) => void warnings.push(code))
  await store.ping()
  const made = { cache, warnings, ...attachRows(cache, database, name) }
  members.push(made)
  return made
}

const fromMemory = async ({ read }: Member, id = 1): Promise<boolean> => (await read(id)).source === 'memory'

/** Both members answer a row from memory. */
async function warm(pair: readonly Member[], id = 1): Promise<void> {
  for (const one of pair) await until(() => fromMemory(one, id))
}

/** Commands the server executes while `run` runs, those of the watch and of the feed left out. */
async function asked(run: () => Promise<unknown>): Promise<number> {
  const count = async (): Promise<number> => {
    const text = String(await server.info('commandstats'))
    const counted = ['get', 'hmget', 'mget', 'hgetall'].map((one) =>
      Number(new RegExp(`^cmdstat_${one}:calls=(\\d+)`, 'm').exec(text)?.[1] ?? 0),
    )
    return counted.reduce((sum, one) => sum + one, 0)
  }
  const before = await count()
  await run()
  return (await count()) - before
}

it.each(['off', 'validate'] as const)(
  '%s: a write is visible to the very next read of another cache',
  async (mode) => {
    const pair = [await member(mode), await member(mode)] as const
    const seen: [string, string | null][] = []
    for (let time = 0; time < 60; time++) {
      await pair[time % 2]!.write(1, `v${time}`)
      const { value } = await pair[1 - (time % 2)]!.read(1)
      seen.push([`v${time}`, value])
      if (time % 5 === 0) await pair[1 - (time % 2)]!.read(1)
    }
    expect(seen.filter(([written, read]) => written !== read)).toEqual([])
  },
)

it('push: a write is visible to another cache within a second, and to its own cache immediately', async () => {
  const [one, other] = [await member('push'), await member('push')]
  for (let time = 0; time < 20; time++) {
    await warm([one, other])
    const value = `v${time}`
    await one.write(1, value)
    const returned = performance.now()
    expect((await one.read(1)).value, FRESH).toBe(value)
    let last = returned
    await until(async () => {
      const began = performance.now()
      if ((await other.read(1)).value === value) return true
      last = began
      return false
    })
    // The last read that was told something older began within the second.
    expect(last - returned).toBeLessThan(BOUND)
  }
})

it('push: hits send nothing to the server', async () => {
  const one = await member('push')
  await warm([one])
  const count = await asked(async () => {
    for (let time = 0; time < 200; time++) await one.read(1)
  })
  // A lease may have run out once on a machine that is busy.
  expect(count).toBeLessThan(20)
})

it('push: invalidate all takes effect in other caches within two seconds', async () => {
  const [one, other] = [await member('push'), await member('push')]
  await warm([one, other])
  await database.hset(name, '1', 'behind everybody’s back')
  await one.cache.invalidate({ all: true })
  const returned = performance.now()
  expect((await one.read(1)).value, FRESH).toBe('behind everybody’s back')
  let last = returned
  await until(async () => {
    const began = performance.now()
    if ((await other.read(1)).value !== null) return true
    last = began
    return false
  })
  expect(last - returned).toBeLessThan(2 * BOUND)
})

it('push: the first read of another row does not invalidate entries of its table', async () => {
  const one = await member('push')
  const other = await member('off')
  await warm([one])
  const counts: number[] = []
  for (let id = 2; id < 40; id++) {
    await other.read(id)
    counts.push(await asked(() => one.read(1)))
  }
  // A lease may have run out once on a machine that is busy.
  expect(counts.filter((count) => count > 0).length).toBeLessThan(5)
})

it('a push cache on a server without tracking warns once and behaves like validate', async () => {
  await server.acl('SETUSER', 'shy', 'on', '>secret', '~*', '&*', '+@all', '-client|tracking')
  const [one, other] = [
    await member('push', own.url.replace('//', '//shy:secret@')),
    await member('validate'),
  ]
  await until(() => one.warnings.includes('push-unavailable'))
  for (let time = 0; time < 30; time++) {
    await other.write(1, `v${time}`)
    expect((await one.read(1)).value, FRESH).toBe(`v${time}`)
    await one.read(1)
  }
  await until(() => fromMemory(one))
  expect(await asked(() => one.read(1))).toBeGreaterThan(0)
  expect(one.warnings.filter((code) => code === 'push-unavailable')).toHaveLength(1)
})

it('push works if the server does not identify itself', async () => {
  await server.acl('SETUSER', 'shy', 'on', '>secret', '~*', '&*', '+@all', '-info')
  const url = own.url.replace('//', '//shy:secret@')
  const [one, other] = [await member('push', url), await member('push', url)]
  await warm([one, other])
  await one.write(1, 'a')
  await sees(other, 'a')
  // Each reconnect of any process is a new life there.
  await server.call('CLIENT', 'KILL', 'TYPE', 'normal')
  await warm([one, other])
  await one.write(1, 'b')
  await sees(other, 'b')
  expect(one.warnings).not.toContain('push-unavailable')
})

it('killed tracking connections cause no stale read, and memory hits resume', async () => {
  const [one, other] = [await member('push'), await member('push')]
  for (let time = 0; time < 5; time++) {
    await warm([one, other])
    await server.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await one.write(1, `v${time}`)
    await sees(other, `v${time}`)
  }
})

it('a server that stops is trusted for a second at most, and writes made meanwhile are visible', async () => {
  const [one, other] = [await member('push'), await member('push')]
  await warm([one, other])
  own.pause()
  // The writer cannot tell the server, and the write does not wait for ever.
  const writing = one.write(1, 'meanwhile')
  let last = performance.now()
  const paused = last
  await until(async () => {
    const began = performance.now()
    if (!(await fromMemory(other))) return true
    last = began
    return false
  })
  expect(last - paused).toBeLessThan(BOUND)
  await writing
  own.resume()
  await warm([one, other])
  await sees(other, 'meanwhile')
})

it('after a restart of a killed server, no process serves stale entries from memory', async () => {
  const [one, other] = [await member('push'), await member('push')]
  await one.write(1, 'before')
  await warm([one, other])
  await own.kill()
  await one.write(1, 'meanwhile')
  await until(async () => !(await fromMemory(other)))
  expect((await other.read(1)).value, FRESH).toBe('meanwhile')
  await own.start()
  await warm([one, other])
  await sees(other, 'meanwhile')
})

it('tags that are deleted or flushed by others invalidate entries in memory', async () => {
  const one = await member('push')
  for (const lose of [() => server.unlink('{larder:main:row}'), () => server.flushall()]) {
    await warm([one])
    await lose()
    await until(async () => !(await fromMemory(one)), BOUND)
  }
})

/** Reads that begin a second from now on, all give the value; before, it may be older. */
async function sees(one: Member, value: string): Promise<void> {
  const from = performance.now() + BOUND
  const wrong: unknown[] = []
  for (let began = 0; began < from + 200; ) {
    began = performance.now()
    const read = await one.read(1)
    if (began >= from && read.value !== value) wrong.push(read)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  expect(wrong, FRESH).toEqual([])
}
