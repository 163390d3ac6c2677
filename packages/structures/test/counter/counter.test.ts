import { createCounter, type StructureClient } from '@larder/structures'
import { type OwnServer, repeatWhenBusy, startServer, until } from '@larder/testing'
import type { Redis } from 'iovalkey'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { clientOf, unique } from '../support/clients.ts'

repeatWhenBusy()

let server: OwnServer
let client: Redis
let totals: Map<string, number>
let recorded: Set<string>

beforeAll(async () => {
  server = await startServer()
  client = clientOf(server.url)
})
afterAll(async () => {
  client.disconnect()
  await server.stop()
})
beforeEach(() => {
  totals = new Map()
  recorded = new Set()
})

/** Adds a batch once, as a transaction that records its id does. */
async function flush(deltas: Map<string, number>, batch: string): Promise<void> {
  if (recorded.has(batch)) return
  recorded.add(batch)
  for (const [id, by] of deltas) totals.set(id, (totals.get(id) ?? 0) + by)
}
const answers = (): Promise<void> => until(() => client.ping().then(() => true))

it('an increment counts once if its reply is lost', async () => {
  let calls = 0
  // The connection breaks after the server has run the command, which cannot be timed from outside.
  const unlucky: StructureClient = {
    async call(command, ...args) {
      const reply = await client.call(command, ...args)
      if (++calls % 2 === 1) throw new Error('Connection is closed.')
      return reply
    },
  }
  const counter = createCounter(unlucky, { name: unique(), flush })
  for (let at = 0; at < 5; at++) await counter.add('a')
  expect(calls).toBeGreaterThan(8)
  expect(await createCounter(client, { name: unique(), flush }).pending('a')).toBe(0)
  await until(async () => (await counter.pending('a')) === 5)
})

it('a restart without AOF loses only increments that were not flushed', async () => {
  const counter = createCounter(client, { name: unique(), flush })
  await counter.add('a', 10)
  await counter.flush()
  await counter.add('a', 5)
  await server.restart()
  await answers()
  expect(await counter.pending('a')).toBe(0)
  await counter.add('a', 2)
  await counter.flush()
  expect(totals).toEqual(new Map([['a', 12]]))
})

it('a server that restarts from an old snapshot counts nothing twice', async () => {
  const counter = createCounter(client, { name: unique(), flush })
  await counter.add('a', 5)
  await client.save()
  await counter.flush()
  await server.restart()
  await answers()
  // The snapshot has the increments, which the database has as well.
  expect(await counter.pending('a')).toBe(5)
  await counter.flush()
  expect(totals).toEqual(new Map([['a', 5]]))
  expect(await counter.pending('a')).toBe(0)
})

it('start delivers periodically and reports failures, and stop delivers the rest', async () => {
  const errors: unknown[] = []
  let fails = true
  const counter = createCounter(client, {
    name: unique(),
    every: 10,
    onError: (error) => errors.push(error),
    async flush(deltas, batch) {
      if (fails) throw new Error('no database')
      await flush(deltas, batch)
    },
  })
  counter.start()
  counter.start()
  await counter.add('a')
  await until(() => errors.length >= 2)
  fails = false
  await until(() => totals.get('a') === 1)
  const last = counter.add('a', 2)
  await counter.stop()
  await last
  expect(totals).toEqual(new Map([['a', 3]]))
})

it('a batch whose process died is delivered by another process under the same id after a delay', async () => {
  const [name, batches] = [unique(), [] as string[]]
  const dead = createCounter(client, {
    name,
    retryAfter: 200,
    flush: (_, batch) => {
      batches.push(batch)
      return new Promise(() => {})
    },
  })
  await dead.add('a')
  void dead.flush()
  await until(() => batches.length === 1)
  const other = createCounter(client, {
    name,
    flush: async (_, batch) => {
      batches.push(batch)
    },
  })
  expect(await other.flush()).toBe(0)
  await until(async () => (await other.flush()) === 1)
  expect(batches[1]).toBe(batches[0])
})

it.each([
  ['a name with braces', { name: 'a{b}' }, /name is "a\{b\}": leave out the braces/],
  ['no flush', { name: 'a', flush: undefined }, /flush is undefined: give a function/],
  ['an unknown option', { name: 'a', interval: 1 }, /createCounter has no option interval: there are name/],
  ['an invalid duration', { name: 'a', every: '1 second' }, /every is "1 second"/],
  [
    'a batch size of zero',
    { name: 'a', batchSize: 0 },
    /batchSize is 0: give a whole number from 1 to 10000/,
  ],
])('createCounter refuses %s', (_, options, message) => {
  const allOptions = { flush, ...options } as Parameters<typeof createCounter>[1]
  expect(() => createCounter(client, allOptions)).toThrow(message)
})

it('createCounter refuses an object that is no client', () => {
  const nodeRedis = { sendCommand() {} } as unknown as StructureClient
  expect(() => createCounter(nodeRedis, { name: 'a', flush })).toThrow(/iovalkey or ioredis/)
})

it('an error of the server has a code, and does not contain the arguments of the command', async () => {
  const name = unique()
  await client.set(`{larder:counter:${name}}:open`, 'no hash')
  const failed = await createCounter(client, { name, flush })
    .add('secret-id')
    .catch((error: unknown) => error)
  expect(failed).toMatchObject({ code: 'LARDER_STORE' })
  const { inspect } = await import('node:util')
  expect(inspect(failed, { depth: 9 })).not.toContain('secret-id')
})
