import { setTimeout as wait } from 'node:timers/promises'
import { createSessionStore } from '@larder/structures'
import { repeatWhenBusy, until } from '@larder/testing'
import type { Redis } from 'iovalkey'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sharedClient, unique } from '../support/clients.ts'

repeatWhenBusy()

interface Data {
  userId?: string
  visits: number
}
const userOf = ({ userId }: Data): string | undefined => userId

let client: Redis
beforeAll(async () => {
  client = await sharedClient()
})
afterAll(() => client.disconnect())

it('use extends a sliding session, and not a fixed one', async () => {
  const [sliding, fixed] = [true, false].map((each) =>
    createSessionStore<Data>(client, { prefix: unique(), ttl: 600, sliding: each, userOf }),
  ) as [ReturnType<typeof createSessionStore<Data>>, ReturnType<typeof createSessionStore<Data>>]
  const [used, unused, old] = [
    await sliding.create({ visits: 1 }),
    await sliding.create({ userId: 'ada', visits: 1 }),
    await fixed.create({ visits: 1 }),
  ]
  const began = performance.now()
  let uses = 0
  while (performance.now() < began + 1_000) {
    if ((await sliding.get(used)) !== null) uses++
    await fixed.touch(old)
    await fixed.update(old, { visits: uses })
    await wait(20)
  }
  expect(await sliding.update(used, { visits: 2 })).toBe(true)
  expect([await sliding.get(unused), await fixed.get(old)]).toEqual([null, null])
  expect([await sliding.count(), await fixed.count()]).toEqual([1, 0])
  // It is out of its user's list as well.
  expect(await sliding.destroyAll({ userId: 'ada' })).toBe(0)
})

it('a destroyed session is not restored', async () => {
  const sessions = createSessionStore<Data>(client, { prefix: unique(), userOf })
  const id = await sessions.create({ userId: 'ada', visits: 1 })
  expect(await sessions.destroyAll({ userId: 'ada' })).toBe(1)
  expect(await sessions.update(id, { visits: 2 })).toBe(false)
  expect(await sessions.set(id, { visits: 2 })).toBe(false)
  expect(await sessions.regenerate(id)).toBeNull()
  expect(await sessions.touch(id)).toBe(false)
  expect([await sessions.get(id), await sessions.count()]).toEqual([null, 0])
})

it('sessions belong to their user, from login to logout', async () => {
  const sessions = createSessionStore<Data>(client, { prefix: unique(), userOf })
  const visitor = await sessions.create({ visits: 1 })
  const member = await sessions.regenerate(visitor, { userId: 'ada', visits: 1 })
  const moved = (await sessions.regenerate(member ?? '')) ?? ''
  await sessions.update(moved, { userId: 'bob', visits: 2 })
  expect(await sessions.destroyAll({ userId: 'ada' })).toBe(0)
  expect(await sessions.get(moved)).toEqual({ userId: 'bob', visits: 2 })
  expect(await sessions.destroyAll({ userId: 'bob' })).toBe(1)
})

it('lists of sessions shrink as sessions expire, even for users who never return', async () => {
  const prefix = unique()
  const sessions = createSessionStore<Data>(client, { prefix, ttl: 100, userOf })
  for (let user = 0; user < 20; user++) await sessions.create({ userId: `u${user}`, visits: 1 })
  await until(async () => {
    await sessions.set('kept', { visits: 1 }, { ttl: '1m' })
    return (await client.keys(`{${prefix}}*`)).length === 2
  })
  expect(await client.zrange(`{${prefix}}:all`, 0, -1)).toEqual(['kept'])
})

it('session ids are long and random, and only ids are looked up', async () => {
  const sessions = createSessionStore<Data>(client, { prefix: unique() })
  const ids = await Promise.all(Array.from({ length: 50 }, () => sessions.create({ visits: 1 })))
  expect(new Set(ids).size).toBe(50)
  expect(ids.every((id) => /^[\w-]{43}$/.test(id))).toBe(true)
  for (const id of ['', 'x'.repeat(1_000), undefined, { toString: () => ids[0] }])
    expect(await sessions.get(id as string)).toBeNull()
})

it.each([
  ['a prefix with braces', { prefix: '{a}' }, /prefix is "\{a\}": leave out the braces/],
  ['a ttl of zero', { ttl: 0 }, /ttl is 0/],
  ['an unknown option', { maxAge: 1 }, /createSessionStore has no option maxAge/],
])('createSessionStore refuses %s', (_, options, message) => {
  expect(() => createSessionStore(client, options as never)).toThrow(message)
})

it('destroyAll names the option that it needs', async () => {
  await expect(createSessionStore(client).destroyAll({ userId: 'a' })).rejects.toThrow(/userOf/)
})

it('the index for destroyAll is never evicted, because only sessions themselves have a ttl', async () => {
  const prefix = unique()
  const sessions = createSessionStore<Data>(client, { prefix, userOf })
  const id = await sessions.create({ userId: 'ada', visits: 1 })
  await sessions.get(id)
  const keys = await client.keys(`{${prefix}}*`)
  const mortal: string[] = []
  for (const key of keys) if ((await client.pttl(key)) > 0) mortal.push(key)
  expect(keys.length).toBe(4)
  expect(mortal).toEqual([`{${prefix}}:s:${id}`])
})
