import { type Cache, createCache, type MemoryOptions } from '@larder/core'
import { FRESH, ownProcess, repeatWhenBusy, valkeyUrl } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import type { Redis } from 'iovalkey'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { attachRows, type Rows } from '../support/rows.ts'
import { connectTo, ownServer, type Server, until } from '../support/server.ts'

repeatWhenBusy()

type Mode = NonNullable<MemoryOptions['mode']>

interface Member extends Rows {
  readonly cache: Cache
  readonly warnings: string[]
}

/** What is promised of push, in milliseconds. */
const BOUND = 1_000

let database: Redis
let valkey: Server
let server: Redis
let name: string
const members: Member[] = []
let test = 0

beforeAll(async () => {
  database = connectTo(await valkeyUrl())
})
afterAll(() => database.disconnect())
beforeEach(async () => {
  valkey = await ownServer()
  server = connectTo(valkey.url)
  server.on('error', () => {})
  name = `push:${process.pid}:${test++}`
})
afterEach(async () => {
  valkey.resume()
  await Promise.all(members.splice(0).map(({ cache }) => cache.close()))
  server.disconnect()
  await database.unlink(name)
  await valkey.kill()
})

/** One process's part: a cache over the server, and rows in a database that never fails. */
async function member(mode: Mode, url = valkey.url): Promise<Member> {
  const store = ownProcess(valkeyStore(url))
  const cache = createCache({ store, memory: { mode } })
  const warnings: string[] = []
  cache.on('warning', ({ code }) => void warnings.push(code))
  await store.ping()
  const newMember = { cache, warnings, ...attachRows(cache, database, name) }
  members.push(newMember)
  return newMember
}

const fromMemory = async ({ read }: Member, id = 1): Promise<boolean> => (await read(id)).source === 'memory'

/** Both members answer a row from memory. */
async function warm(pair: readonly Member[], id = 1): Promise<void> {
  for (const reader of pair) await until(() => fromMemory(reader, id))
}

/** Commands the server executes while `run` runs, those of the watch and of the feed left out. */
async function commandsOf(run: () => Promise<unknown>): Promise<number> {
  const count = async (): Promise<number> => {
    const text = String(await server.info('commandstats'))
    const counted = ['get', 'hmget', 'mget', 'hgetall'].map((command) =>
      Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(text)?.[1] ?? 0),
    )
    return counted.reduce((sum, count) => sum + count, 0)
  }
  const before = await count()
  await run()
  return (await count()) - before
}

it.each(['off', 'validate'] as const)(
  '%s: a write is visible to the very next read of another cache',
  async (mode) => {
    const pair = [await member(mode), await member(mode)] as const
    const readings: [string, string | null][] = []
    for (let time = 0; time < 60; time++) {
      await pair[time % 2]!.write(1, `v${time}`)
      const { value } = await pair[1 - (time % 2)]!.read(1)
      readings.push([`v${time}`, value])
      if (time % 5 === 0) await pair[1 - (time % 2)]!.read(1)
    }
    expect(readings.filter(([written, read]) => written !== read)).toEqual([])
  },
)

it('push: a write is visible to another cache within a second, and to its own cache immediately', async () => {
  const [first, second] = [await member('push'), await member('push')]
  for (let time = 0; time < 20; time++) {
    await warm([first, second])
    const value = `v${time}`
    await first.write(1, value)
    const returned = performance.now()
    expect((await first.read(1)).value, FRESH).toBe(value)
    let last = returned
    await until(async () => {
      const began = performance.now()
      if ((await second.read(1)).value === value) return true
      last = began
      return false
    })
    // The last read that was told something older began within the second.
    expect(last - returned).toBeLessThan(BOUND)
  }
})

it('push: hits send nothing to the server', async () => {
  const first = await member('push')
  await warm([first])
  const count = await commandsOf(async () => {
    for (let time = 0; time < 200; time++) await first.read(1)
  })
  // A lease may have run out once on a machine that is busy.
  expect(count).toBeLessThan(20)
})

it('push: invalidate all takes effect in other caches within two seconds', async () => {
  const [first, second] = [await member('push'), await member('push')]
  await warm([first, second])
  await database.hset(name, '1', 'behind everybody’s back')
  await first.cache.invalidate({ all: true })
  const returned = performance.now()
  expect((await first.read(1)).value, FRESH).toBe('behind everybody’s back')
  let last = returned
  await until(async () => {
    const began = performance.now()
    if ((await second.read(1)).value !== null) return true
    last = began
    return false
  })
  expect(last - returned).toBeLessThan(2 * BOUND)
})

it('push: the first read of another row does not invalidate entries of its table', async () => {
  const first = await member('push')
  const second = await member('off')
  await warm([first])
  const counts: number[] = []
  for (let id = 2; id < 40; id++) {
    await second.read(id)
    counts.push(await commandsOf(() => first.read(1)))
  }
  // A lease may have run out once on a machine that is busy.
  expect(counts.filter((count) => count > 0).length).toBeLessThan(5)
})

it('a push cache on a server without tracking warns once and behaves like validate', async () => {
  await server.acl('SETUSER', 'shy', 'on', '>secret', '~*', '&*', '+@all', '-client|tracking')
  const [first, second] = [
    await member('push', valkey.url.replace('//', '//shy:secret@')),
    await member('validate'),
  ]
  await until(() => first.warnings.includes('push-unavailable'))
  for (let time = 0; time < 30; time++) {
    await second.write(1, `v${time}`)
    expect((await first.read(1)).value, FRESH).toBe(`v${time}`)
    await first.read(1)
  }
  await until(() => fromMemory(first))
  expect(await commandsOf(() => first.read(1))).toBeGreaterThan(0)
  expect(first.warnings.filter((code) => code === 'push-unavailable')).toHaveLength(1)
})

it('push works if the server does not identify itself', async () => {
  await server.acl('SETUSER', 'shy', 'on', '>secret', '~*', '&*', '+@all', '-info')
  const url = valkey.url.replace('//', '//shy:secret@')
  const [first, second] = [await member('push', url), await member('push', url)]
  await warm([first, second])
  await first.write(1, 'a')
  await sees(second, 'a')
  // Each reconnect of any process is a new life there.
  await server.call('CLIENT', 'KILL', 'TYPE', 'normal')
  await warm([first, second])
  await first.write(1, 'b')
  await sees(second, 'b')
  expect(first.warnings).not.toContain('push-unavailable')
})

it('killed tracking connections cause no stale read, and memory hits resume', async () => {
  const [first, second] = [await member('push'), await member('push')]
  for (let time = 0; time < 5; time++) {
    await warm([first, second])
    await server.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await first.write(1, `v${time}`)
    await sees(second, `v${time}`)
  }
})

it('a server that stops is trusted for a second at most, and writes made meanwhile are visible', async () => {
  const [first, second] = [await member('push'), await member('push')]
  await warm([first, second])
  valkey.pause()
  // The writer cannot tell the server, and the write does not wait for ever.
  const writing = first.write(1, 'meanwhile')
  let last = performance.now()
  const paused = last
  await until(async () => {
    const began = performance.now()
    if (!(await fromMemory(second))) return true
    last = began
    return false
  })
  expect(last - paused).toBeLessThan(BOUND)
  await writing
  valkey.resume()
  await warm([first, second])
  await sees(second, 'meanwhile')
})

it('after a restart of a killed server, no process serves stale entries from memory', async () => {
  const [first, second] = [await member('push'), await member('push')]
  await first.write(1, 'before')
  await warm([first, second])
  await valkey.kill()
  await first.write(1, 'meanwhile')
  await until(async () => !(await fromMemory(second)))
  expect((await second.read(1)).value, FRESH).toBe('meanwhile')
  await valkey.start()
  await warm([first, second])
  await sees(second, 'meanwhile')
})

it('tags that are deleted or flushed by others invalidate entries in memory', async () => {
  const first = await member('push')
  for (const lose of [() => server.unlink('{larder:main:row}'), () => server.flushall()]) {
    await warm([first])
    await lose()
    await until(async () => !(await fromMemory(first)), BOUND)
  }
})

/** Reads that begin a second from now on, all give the value; before, it may be older. */
async function sees(member: Member, value: string): Promise<void> {
  const from = performance.now() + BOUND
  const wrong: unknown[] = []
  for (let began = 0; began < from + 200; ) {
    began = performance.now()
    const read = await member.read(1)
    if (began >= from && read.value !== value) wrong.push(read)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  expect(wrong, FRESH).toEqual([])
}
