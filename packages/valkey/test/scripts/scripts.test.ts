import { setTimeout as wait } from 'node:timers/promises'
import { repeatWhenBusy, valkeyUrl } from '@larder/testing'
import { type ValkeyStore, valkeyStore } from '@larder/valkey'
import type { Redis } from 'iovalkey'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { EPOCH } from '../../src/scripts/epoch.ts'
import { FINISH } from '../../src/scripts/finish.ts'
import { commandCounts, connectTo, until } from '../support/server.ts'

repeatWhenBusy()

let store: ValkeyStore
let server: Redis

beforeAll(async () => {
  store = valkeyStore(await valkeyUrl())
  await store.ping()
  server = connectTo(await valkeyUrl())
})
afterAll(async () => {
  await store.close()
  server.disconnect()
})

let count = 0
function table() {
  const record = `{scripts:${process.pid}:${count++}}`
  const cell = (value: number): string => `${record}:k=${value}`
  const ask = { record, fields: ['list', 'k'], cells: [cell(1)] }
  const mark = (token: string, lifetime = 60_000, fields = ['list']) =>
    store.mark({ record, token, fields, known: ['k'], cells: [cell(1)], lifetime })
  const finish = (token: string, cells: string[] = [cell(1)]) =>
    store.finish({ record, token, untouched: ['k'], keep: [], cells })
  const seed = async (lifetime = 60_000) => (await store.seed([ask], lifetime)).tags[0]!
  const see = async () => (await store.fetch(undefined, [ask])).tags[0]!
  return { record, cell, ask, mark, finish, seed, see }
}

it('a finish that is executed twice never writes the same nonce twice', async () => {
  const { record, seed, see } = table()
  await seed()
  // The very bytes of one call, as a retry or a late duplicate would bring them.
  const call = () => server.eval(FINISH, 1, record, 'same', 'w', 1, 0, 0, 0)
  const nonces = new Set<string | undefined>()
  for (let time = 0; time < 200; time++) {
    await call()
    for (const field of (await see()).fields) nonces.add(field?.nonce)
  }
  expect(nonces.size).toBe(400)
})

it('a new epoch that is written twice never restores an old epoch', async () => {
  const key = `scripts:${process.pid}:epoch`
  const call = () => server.eval(EPOCH, 1, key, 'same', 1, 60_000)
  const epochs = new Set<unknown>()
  for (let time = 0; time < 100; time++) epochs.add(await call())
  expect(epochs.size).toBe(100)
  await server.unlink(key)
})

it('a field that is seeded during a write gets its mark, and finishing removes the mark completely', async () => {
  const { record, cell, mark, finish, seed } = table()
  await mark('w')
  const { fields, cells } = await seed()
  expect([...fields, ...cells].map((tag) => tag?.dirty)).toEqual([true, true, true])
  expect(await server.hget(record, 'k')).toMatch(/\|w,\d{13}$/)
  await finish('w')
  expect(await server.hget(record, 'k')).not.toContain('|')
  expect(await server.exists(cell(1))).toBe(0)
})

it('after a mark has expired, the next caller gets a new nonce', async () => {
  const { record, mark, seed, see } = table()
  const before = await seed()
  await mark('dead', 40, ['list', 'k'])
  // Another write keeps the record alive past the first one's death.
  await mark('alive')
  const text = await server.hget(record, 'k')
  expect(text).toMatch(/\|dead,/)
  await wait(60)
  expect((await see()).fields[1]).toEqual({ nonce: before.fields[1]?.nonce, dirty: true })
  await mark('third')
  const after = (await see()).fields
  expect(after[1]?.dirty).toBe(false)
  expect(after[1]?.nonce).not.toBe(before.fields[1]?.nonce)
  expect(after[0]?.nonce).not.toBe(before.fields[0]?.nonce)
})

it('a dirty record and a dirty cell expire with their last mark', async () => {
  const { record, cell, mark, seed } = table()
  await seed()
  await mark('w', 150)
  for (const key of [record, cell(1)]) {
    expect(await server.pttl(key)).toBeLessThanOrEqual(150)
    expect(await server.pttl(key)).toBeGreaterThan(0)
  }
  await until(async () => (await server.exists(record, cell(1))) === 0, 2_000)
})

it('a mark does not shorten the lifetime of a longer mark of another write', async () => {
  const { record, cell, mark } = table()
  await mark('long', 50_000)
  await mark('short', 1_000)
  for (const key of [record, cell(1)]) expect(await server.pttl(key)).toBeGreaterThan(40_000)
})

it('expired marks are found among any others, because marks are sorted by deadline', async () => {
  const { record, cell, mark, finish } = table()
  await mark('long')
  await mark('short', 1_000)
  await mark('longer', 90_000)
  await mark('middle', 30_000)
  await mark('long', 70_000)
  for (const text of [await server.hget(record, 'list'), await server.get(cell(1))])
    expect(text?.match(/\w+(?=,)/g)).toEqual(['short', 'middle', 'long', 'longer'])
  const before = await server.hget(record, 'list')
  expect(await server.pttl(record)).toBeGreaterThan(80_000)
  await wait(1_050)
  await mark('next', 80_000)
  const after = await server.hget(record, 'list')
  expect(after?.match(/\w+(?=,)/g)).toEqual(['middle', 'long', 'next', 'longer'])
  expect(after?.split('|')[0]).not.toBe(before?.split('|')[0])
  for (const token of ['middle', 'longer', 'next']) await finish(token)
  expect((await server.hget(record, 'list'))?.match(/\w+(?=,)/g)).toEqual(['long'])
  expect(await server.pttl(cell(1))).toBeLessThan(71_000)
  await finish('long')
  expect(await server.exists(record, cell(1))).toBe(0)
})

it('a clean record keeps the longest lifetime that a seed asked for, through marks and finishes', async () => {
  const { record, cell, mark, finish, seed } = table()
  await seed(500_000)
  await seed(1_000)
  expect(await server.pttl(record)).toBeGreaterThan(400_000)
  expect(await server.pttl(cell(1))).toBeGreaterThan(400_000)
  await mark('w')
  expect(await server.pttl(record)).toBeLessThanOrEqual(60_000)
  await finish('w')
  expect(await server.pttl(record)).toBeGreaterThan(400_000)
})

it('a write to a table that is never read leaves no key on the server', async () => {
  const { record, cell, mark, finish } = table()
  await mark('w')
  expect(await server.exists(record, cell(1))).toBe(2)
  await finish('w')
  expect(await server.exists(record, cell(1))).toBe(0)
})

it('a finish finds its own mark, even if the mark has expired', async () => {
  const { record, seed, see } = table()
  const before = await seed()
  const change = { record, token: 'w', cells: [] }
  await store.mark({ ...change, fields: ['list', 'k'], known: ['k'], lifetime: 30 })
  await store.mark({ ...change, token: 'other', fields: ['list'], known: ['k'], lifetime: 60_000 })
  await wait(40)
  await store.finish({ ...change, untouched: [], keep: ['k'] })
  const after = await see()
  expect(after.fields[1]).toEqual(before.fields[1])
  expect(after.fields[0]?.nonce).not.toBe(before.fields[0]?.nonce)
})

it('invalid tag text is dirty and never becomes clean with the same nonce', async () => {
  const { record, cell, seed, see, mark, finish } = table()
  await seed()
  await server.hset(record, 'k', 'foreign|bytes')
  await server.set(cell(1), 'foreign|bytes')
  expect([...(await see()).fields, ...(await see()).cells].map((tag) => tag?.dirty)).toEqual([
    false,
    true,
    true,
  ])
  await mark('w')
  await finish('w', [])
  const { fields } = await see()
  expect(fields[1]?.dirty).toBe(false)
  expect(fields[1]?.nonce).not.toBe('foreign')
})

it('a write of a thousand cells is marked and finished completely, a hundred cells per call', async () => {
  const { record, cell } = table()
  const cells = Array.from({ length: 1_000 }, (_, index) => cell(index))
  const ask = { record, fields: ['list'], cells }
  await store.seed([ask], 60_000)
  const calls = async () => {
    const counts = await commandCounts(server)
    return (counts.get('eval') ?? 0) + (counts.get('evalsha') ?? 0)
  }
  const before = await calls()
  await store.mark({ record, token: 'w', fields: ['list'], known: [], cells, lifetime: 60_000 })
  expect((await calls()) - before).toBeGreaterThanOrEqual(10)
  const marked = (await store.fetch(undefined, [ask])).tags[0]!
  expect([...marked.fields, ...marked.cells].every((tag) => tag?.dirty)).toBe(true)
  await store.finish({ record, token: 'w', untouched: [], keep: [], cells })
  const finished = (await store.fetch(undefined, [ask])).tags[0]!
  expect(finished.fields[0]?.dirty).toBe(false)
  expect(finished.cells.every((tag) => tag === null)).toBe(true)
})
