import { setTimeout as wait } from 'node:timers/promises'
import { createLock, type HeldLock } from '@larder/structures'
import { type OwnServer, repeatWhenBusy, startServer, until } from '@larder/testing'
import type { Redis } from 'iovalkey'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { clientOf, unique } from '../support/clients.ts'

repeatWhenBusy()

let server: OwnServer
let client: Redis
let other: Redis

beforeAll(async () => {
  server = await startServer()
  client = clientOf(server.url)
  other = clientOf(server.url)
})
afterAll(async () => {
  client.disconnect()
  other.disconnect()
  await server.stop()
})

it('contenders hold a lock one after the other, and each gets a greater fence', async () => {
  const prefix = unique()
  const fences: bigint[] = []
  let inside = 0
  const contend = async (lock: ReturnType<typeof createLock>): Promise<void> => {
    for (let round = 0; round < 5; round++)
      await lock.using('a', { ttl: '5s', wait: '15s' }, async ({ fence }) => {
        expect(++inside).toBe(1)
        fences.push(fence)
        await wait(1)
        inside--
      })
  }
  const locks = [createLock(client, { prefix }), createLock(other, { prefix })]
  await Promise.all([...locks, ...locks].map(contend))
  expect(fences.length).toBe(20)
  expect(fences).toEqual([...new Set(fences)].sort((a, b) => Number(a - b)))
})

it('a lock is renewed while it is held, and free soon after its holder has died', async () => {
  const lock = createLock(client, { prefix: unique() })
  const lease = await lock.acquire('a', { ttl: 300 })
  await wait(900)
  expect(lease?.signal.aborted).toBe(false)
  expect(await lock.acquire('a', { ttl: 300 })).toBeNull()
  expect(await lease?.release()).toBe(true)

  const dyingClient = clientOf(server.url)
  const deserted = await createLock(dyingClient, { prefix: unique() }).acquire('a', { ttl: 300 })
  dyingClient.disconnect()
  const aborted = new Promise((resolve) => deserted?.signal.addEventListener('abort', resolve))
  await aborted
  expect(deserted?.signal.reason).toMatchObject({ code: 'LARDER_LOCK_LOST' })
})

it('using rejects and aborts if Valkey loses the lock, and later fences are above the old ones', async () => {
  const lock = createLock(client, { prefix: unique() })
  let before = 0n
  const work = lock.using('a', { ttl: 300 }, async ({ signal, fence }) => {
    before = fence
    await server.restart()
    await until(() => signal.aborted)
    return 'done without the lock'
  })
  await expect(work).rejects.toMatchObject({ code: 'LARDER_LOCK_LOST' })
  await until(() => client.ping().then(() => true))
  const next = await lock.acquire('a', { ttl: 300 })
  expect(next?.fence).toBeGreaterThan(before)
  await next?.release()
})

it('using rejects if its process was blocked for longer than the ttl, before any timer has run', async () => {
  const lock = createLock(client, { prefix: unique() })
  const blocked = lock.using('a', { ttl: 100 }, () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150)
    return 'done without the lock'
  })
  await expect(blocked).rejects.toMatchObject({ code: 'LARDER_LOCK_LOST' })
})

it('a ttl beyond the longest timer of Node holds the lock, without a busy timer', async () => {
  const warnings: string[] = []
  const listen = ({ name }: Error): number => warnings.push(name)
  process.on('warning', listen)
  const lease = await createLock(client, { prefix: unique() }).acquire('a', { ttl: '90d' })
  await wait(20)
  process.off('warning', listen)
  expect(lease?.signal.aborted).toBe(false)
  expect(warnings).toEqual([])
  expect(await lease?.release()).toBe(true)
})

it('using rejects with the error of the work, and the lock is then free', async () => {
  const lock = createLock(client, { prefix: unique() })
  const failing = lock.using('a', { ttl: '5s' }, () => Promise.reject(new Error('of the work')))
  await expect(failing).rejects.toThrow('of the work')
  expect(await lock.using('a', { ttl: '5s', wait: 0 }, () => 'free')).toBe('free')
})

it('acquire rejects if Valkey hangs, and a lock acquired too late is released', async () => {
  const lock = createLock(client, { prefix: unique() })
  server.pause()
  let late: Promise<HeldLock | null>
  try {
    late = lock.acquire('a', { ttl: 200 })
    await expect(late).rejects.toMatchObject({ code: 'LARDER_STORE' })
  } finally {
    server.resume()
  }
  // Sooner than the ttl would free it, were it long.
  await until(async () => (await lock.acquire('a', { ttl: 200 })) !== null)
})

it.each([
  ['no ttl', {}, /ttl is undefined/],
  ['a ttl that is too short to renew', { ttl: 10 }, /ttl is 10: give at least 50 ms/],
  ['an unknown option', { ttl: '1s', retries: 3 }, /acquire has no option retries: there are ttl, wait/],
])('acquire refuses %s', async (_, options, message) => {
  await expect(createLock(client).acquire('a', options as never)).rejects.toThrow(message)
})
