import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Cache, createCache } from '@larder/core'
import type { ReadPlan, Table } from '@larder/core/host'
import { repeatWhenBusy } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import type { Redis } from 'iovalkey'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { connectTo, ownServer, type Server } from '../support/server.ts'

repeatWhenBusy()

let valkey: Server
let server: Redis
const caches: Cache[] = []
beforeAll(async () => {
  valkey = await ownServer()
  server = connectTo(valkey.url)
})
afterEach(async () => {
  await Promise.all(caches.splice(0).map((cache) => cache.close()))
})
afterAll(async () => {
  server.disconnect()
  await valkey.kill()
})

const column = { nullable: false, hasDefault: false, generated: false }
function table(name: string): Table {
  const columns = [
    { ...column, name: 'id', type: 'integer' as const },
    { ...column, name: 'code', type: 'text' as const },
  ]
  const keys = [
    { kind: 'primary' as const, columns: ['id'] },
    { kind: 'unique' as const, columns: ['code'] },
  ]
  return { name, columns, keys, foreignKeys: [], touches: [], reads: [] }
}
const TABLES = new Map(['row', 'other'].map((name) => [name, table(name)]))

type Shape = Pick<ReadPlan<unknown>, 'occurrences' | 'severalStatements'>
const countOne = (): number => 1
const SHAPES: Readonly<Record<string, Shape>> = {
  'a row by its key': {
    occurrences: [{ table: 'row', pins: { id: [1] }, rows: countOne }],
    severalStatements: false,
  },
  'a list': { occurrences: [{ table: 'row' }], severalStatements: false },
  'a list with a relation, in several statements': {
    occurrences: [{ table: 'row' }, { table: 'other' }],
    severalStatements: true,
  },
  'a row with its result dependencies': {
    occurrences: [
      { table: 'row', pins: { id: [1] }, rows: countOne },
      {
        table: 'other',
        resultDependency: { columns: ['id'], found: true, values: () => [{ id: 7 }, { id: 8 }] },
      },
    ],
    severalStatements: true,
  },
}

let count = 0
describe.each(['off', 'validate', 'push'] as const)('over Valkey, memory %s', (mode) => {
  it.each(Object.entries(SHAPES))('the second of two reads in a row is a hit: %s', async (_, shape) => {
    const store = valkeyStore(valkey.url)
    const cache = createCache({ store, namespace: `second-${count++}`, memory: { mode } })
    caches.push(cache)
    const engine = cache.attach({
      name: 'rows',
      schema: { tables: TABLES },
      database: undefined,
      identity: [],
      types: {},
    })
    await store.ping()
    const read = () =>
      engine.read({
        ...shape,
        operation: 'find',
        model: 'Row',
        policy: engine.policy({ ttl: '10m', jitter: 0 }, 'models.Row'),
        query: 'q',
        run: async () => [{ id: 1 }],
      })
    const { reads } = await cache.explain(async () => {
      await read()
      await read()
      await read()
    })
    const hit = mode === 'off' ? 'store' : 'memory'
    expect(reads.map(({ source }) => source)).toEqual(['database', hit, hit])
  })
})

it('an entry of a short-lived process in a new namespace is a hit for another process five seconds later', async () => {
  const namespace = `short-${count++}`
  await server.hset(`${namespace}:rows`, '1', 'x')
  const at = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
  const live = async (): Promise<unknown> => {
    const child = fork(at('../support/short-lived.ts'), [valkey.url, namespace, `${namespace}:rows`], {
      execArgv: ['--import', at('../sources.mjs')],
    })
    const [[source]] = await Promise.all([once(child, 'message'), once(child, 'exit')])
    return source
  }
  expect(await live()).toBe('database')
  // Longer than an epoch lives that no process prolongs.
  await wait(5_000)
  expect(await live()).toBe('store')
})
