import { createCounter, createLeaderboard, createLock, createSessionStore } from '@larder/structures'
import { redisProgram, repeatWhenBusy, startServer } from '@larder/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Connected, clientOf, TOPOLOGIES, unique } from './support/clients.ts'

repeatWhenBusy()

const redis = await redisProgram()
if ('reason' in redis) process.stderr.write(`The structures are not tested on Redis: ${redis.reason}\n`)
const REDIS: typeof TOPOLOGIES =
  'reason' in redis
    ? []
    : [
        [
          'Redis through iovalkey',
          async () => {
            const server = await startServer([], redis)
            const client = clientOf(server.url)
            return {
              client,
              async close() {
                client.disconnect()
                await server.stop()
              },
            }
          },
        ],
      ]

describe.each([...TOPOLOGIES, ...REDIS])('on %s', (_, connect) => {
  let connected: Connected
  beforeAll(async () => {
    connected = await connect()
  })
  afterAll(() => connected?.close())

  it('a lock has one holder at a time, and its fence increases', async () => {
    const lock = createLock(connected.client, { prefix: unique() })
    const first = await lock.acquire('order:{1}', { ttl: '5s' })
    expect(first).not.toBeNull()
    expect(await lock.acquire('order:{1}', { ttl: '5s' })).toBeNull()
    await expect(lock.using('order:{1}', { ttl: '5s', wait: 20 }, () => 1)).rejects.toMatchObject({
      code: 'LARDER_LOCK_TIMEOUT',
    })
    expect(await lock.using('order:{2}', { ttl: '5s', wait: 20 }, () => 2)).toBe(2)
    expect(await first?.release()).toBe(true)
    expect(await first?.release()).toBe(false)
    const second = await lock.acquire('order:{1}', { ttl: '5s' })
    expect(second?.fence).toBeGreaterThan(first?.fence ?? 0n)
    await second?.[Symbol.asyncDispose]()
    expect(await lock.using('order:{1}', { ttl: '5s', wait: 0 }, () => 'free')).toBe('free')
  })

  it('a session is created, read, changed, moved and destroyed', async () => {
    const sessions = createSessionStore<{ userId?: string; cart: number }>(connected.client, {
      prefix: unique(),
      ttl: '1m',
      userOf: ({ userId }) => userId,
    })
    const id = await sessions.create({ cart: 1 })
    expect(await sessions.get(id)).toEqual({ cart: 1 })
    expect(await sessions.update(id, { cart: 2 })).toBe(true)
    const next = await sessions.regenerate(id, { userId: 'ada', cart: 2 })
    expect(await sessions.get(id)).toBeNull()
    expect(await sessions.get(next ?? '')).toEqual({ userId: 'ada', cart: 2 })
    const other = await sessions.create({ userId: 'ada', cart: 3 })
    const stranger = await sessions.create({ userId: 'bob', cart: 4 })
    expect(await sessions.count()).toBe(3)
    expect(await sessions.destroyAll({ userId: 'ada' })).toBe(2)
    expect([await sessions.get(next ?? ''), await sessions.get(other)]).toEqual([null, null])
    const entries: unknown[] = []
    for await (const entry of sessions.entries()) entries.push(entry)
    expect(entries).toEqual([[stranger, { userId: 'bob', cart: 4 }]])
    await sessions.clear()
    expect(await sessions.count()).toBe(0)
  })

  it('a leaderboard ranks the best scores, equal ones by arrival', async () => {
    const board = createLeaderboard(connected.client, { name: unique(), window: '1h', size: 3 })
    for (const [member, score] of [
      ['zoe', 10],
      ['ada', 10],
      ['bob', 30],
      ['bob', 20],
      ['eve', -5.5],
    ] as const)
      await board.submit(member, score)
    expect(await board.top()).toEqual([
      { member: 'bob', score: 30, rank: 1 },
      { member: 'zoe', score: 10, rank: 2 },
      { member: 'ada', score: 10, rank: 3 },
    ])
    expect(await board.rank('eve')).toBe(4)
    expect(await board.rank('nobody')).toBeNull()
    expect((await board.around('ada', 1)).map(({ member }) => member)).toEqual(['zoe', 'ada', 'eve'])
    expect(await board.around('nobody', 1)).toEqual([])
  })

  it('a counter delivers increments, and counts them as pending until then', async () => {
    const batches: [string, Map<string, number>][] = []
    let fails = true
    const counter = createCounter(connected.client, {
      name: unique(),
      batchSize: 2,
      async flush(deltas, batch) {
        batches.push([batch, deltas])
        if (fails) throw new Error('no database')
      },
    })
    await Promise.all([counter.add('a'), counter.add('a', 4), counter.add(7, -2), counter.add('b', 0)])
    await counter.add('c', 3)
    await expect(counter.flush()).rejects.toThrow('no database')
    await counter.add('a', 10)
    expect(await counter.pending('a')).toBe(15)
    expect(await counter.pending(['a', 7, 'x'])).toEqual(new Map(Object.entries({ a: 15, 7: -2, x: 0 })))
    fails = false
    await counter.flush()
    const [failed, again] = batches
    expect(again).toEqual(failed)
    const sums: Record<string, number> = {}
    for (const [, deltas] of batches.slice(1)) for (const [id, by] of deltas) sums[id] = (sums[id] ?? 0) + by
    expect(sums).toEqual({ a: 15, c: 3, 7: -2 })
    expect(await counter.pending('a')).toBe(0)
    expect(new Set(batches.map(([id]) => id)).size).toBe(batches.length - 1)
  })
})
