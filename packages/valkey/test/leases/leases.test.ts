import { readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { type Cache, createCache, type PolicyOptions } from '@larder/core'
import type { Engine } from '@larder/core/host'
import { deferred, repeatWhenBusy, until } from '@larder/testing'
import { type ValkeyStore, valkeyStore } from '@larder/valkey'
import type { Redis } from 'iovalkey'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { attachItems, readPlan, reads } from '../../../core/test/support/item-host.ts'
import { simulatedDatabase, startState } from '../../../core/test/support/simulated-database.ts'
import { commandCounts, connectTo, ownServer, type Server } from '../support/server.ts'

repeatWhenBusy()

const CLUSTER = { ttl: '10m', jitter: 0, refreshAhead: false, singleFlight: 'cluster' } as const
const readRow1 = reads.byId(1)

let valkey: Server
let server: Redis
let members: Member[] = []

interface Member {
  readonly store: ValkeyStore
  readonly cache: Cache
  readonly engine: Engine
  readonly warnings: string[]
}

/** One process's cache. */
async function member(url = valkey.url): Promise<Member> {
  const store = valkeyStore(url)
  const cache = createCache({ store, memory: { mode: 'off' } })
  const warnings: string[] = []
  cache.on('warning', ({ code }) => warnings.push(code))
  await store.ping()
  const member = { store, cache, engine: attachItems(cache), warnings }
  members.push(member)
  return member
}

beforeEach(async () => {
  valkey = await ownServer()
  server = connectTo(valkey.url)
})
afterEach(async () => {
  await Promise.all(members.map(({ cache }) => cache.close()))
  members = []
  server.disconnect()
  await valkey.kill()
})

const database = simulatedDatabase(startState(5), async () => {})

async function read({ cache, engine }: Member, options: PolicyOptions, run = database.read) {
  const { reads: reports } = await cache.explain(() =>
    engine.read(readPlan(engine, readRow1, run, { options })),
  )
  return reports[0]
}

/** What `run` made the server execute. Run again if the incarnation watch happened to ask meanwhile. */
async function executed(run: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await commandCounts(server)
  await run()
  // The entry is stored, and the lease ended, a moment after the caller has its result.
  await wait(50)
  const after = await commandCounts(server)
  const counts = [...after].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const)
  const { info, ...rest } = Object.fromEntries(counts.filter(([, count]) => count > 0))
  return info === 1 ? rest : executed(run)
}

/** A miss whose tags are there, and the commands of it. */
async function miss(here: Member, singleFlight: 'process' | 'cluster') {
  return executed(async () => {
    await server.unlink(...(await server.keys('larder:[el]:*')))
    expect((await read(here, { ...CLUSTER, singleFlight }))?.source).toBe('database')
  })
}

it('with leases a hit costs nothing more, and a miss costs one command before its query and one script after it', async () => {
  const here = await member()
  await read(here, CLUSTER)
  await wait(50)
  const plain = await miss(here, 'process')
  const leased = await miss(here, 'cluster')
  const more = Object.entries(leased).map(([name, count]) => [name, count - (plain[name] ?? 0)] as const)
  // SET … NX GET before the query. The script, with its own GET and SET, travels with the entry.
  expect(Object.fromEntries(more.filter(([, count]) => count))).toEqual({ set: 2, evalsha: 1, get: 1 })
  const counts: unknown[] = []
  for (const options of [CLUSTER, { ...CLUSTER, singleFlight: 'process' as const }])
    counts.push(
      await executed(async () => {
        expect((await read(here, options))?.source).toBe('store')
      }),
    )
  expect(counts[1]).toEqual(counts[0])
})

it('a process that only loads opens no connection for messages, and one that waits opens one', async () => {
  const [holder, waiter] = [await member(), await member()]
  const connections = async (): Promise<number> =>
    String(await server.call('CLIENT', 'LIST')).split('name=larder-leases').length - 1
  const end = deferred()
  const loading = read(holder, CLUSTER, async (query) => {
    await end.promise
    return database.read(query)
  })
  await until(async () => (await server.keys('larder:l:*')).length === 1)
  expect(await connections()).toBe(0)
  const waiting = read(waiter, CLUSTER)
  await until(async () => (await connections()) === 1)
  // Until it has said that it waits, the end is not announced.
  await until(async () => String(await server.get((await server.keys('larder:l:*'))[0] ?? '')).endsWith('+'))
  const began = performance.now()
  end.resolve()
  await Promise.all([loading, waiting])
  expect(await waiting).toMatchObject({ reason: 'miss', shared: true })
  // Woken by the message: the lease would have lasted for two seconds.
  expect(performance.now() - began).toBeLessThan(1_000)
})

it('when the connection for messages is lost, waiters check again when the lease expires', async () => {
  const [holder, waiter] = [await member(), await member()]
  const end = deferred()
  const loading = read(holder, CLUSTER, async (query) => {
    await end.promise
    return database.read(query)
  })
  await until(async () => (await server.keys('larder:l:*')).length === 1)
  const waiting = read(waiter, CLUSTER)
  await until(async () => String(await server.get((await server.keys('larder:l:*'))[0] ?? '')).endsWith('+'))
  await server.call('CLIENT', 'KILL', 'TYPE', 'PUBSUB')
  end.resolve()
  await loading
  expect(await waiting).toMatchObject({ reason: 'miss', shared: true })
})

it('a user without the permission to subscribe waits by time, and a warning reports it', async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  const rules = (block: string): readonly string[] =>
    new RegExp(`\`\`\`${block}\n(.*?)\`\`\``, 's').exec(readme)?.[1]?.trim().split(/\s+/) ?? []
  const plain = ['on', '>p', 'resetchannels', ...rules('acl')]
  await server.call('ACL', 'SETUSER', 'plain', ...plain)
  await server.call('ACL', 'SETUSER', 'leases', ...plain, ...rules('acl-leases'))
  for (const [user, warnings] of [
    ['plain', ['lease-messages']],
    ['leases', []],
  ] as const) {
    const url = valkey.url.replace('://', `://${user}:p@`)
    const [holder, waiter] = [await member(url), await member(url)]
    const end = deferred()
    const loading = read(holder, CLUSTER, async (query) => {
      await end.promise
      return database.read(query)
    })
    await until(async () => (await server.keys('larder:l:*')).length === 1)
    const waiting = read(waiter, CLUSTER)
    await until(async () =>
      String(await server.get((await server.keys('larder:l:*'))[0] ?? '')).endsWith('+'),
    )
    end.resolve()
    await loading
    expect(await waiting).toMatchObject({ reason: 'miss', shared: true })
    expect(waiter.warnings.filter((code) => code === 'lease-messages')).toEqual(warnings)
    for (const key of await server.keys('*')) await server.unlink(key)
    await holder.cache.invalidate({ all: true })
  }
})
