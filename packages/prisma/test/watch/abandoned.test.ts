import { createCache, memoryStore } from '@larder/core'
import type { Host } from '@larder/core/host'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { RawSql } from '../../src/execute/raw.ts'
import { createAnnouncements } from '../../src/transaction/announcements.ts'
import { watchWrites } from '../../src/watch/unseen-writes.ts'
import { createWrittenTables } from '../../src/watch/written-tables.ts'

// A transaction of a client without the cache that is never ended.

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const MINUTE = 60_000
const UPDATE = 'UPDATE "note" SET "text" = $1'
const table = { name: 'note', columns: [], keys: [], foreignKeys: [], touches: [], reads: [] }
const host: Host = {
  name: 'test',
  schema: { tables: new Map([['note', table]]) },
  database: undefined,
  identity: [],
  types: {},
}

function watching() {
  const cache = createCache({ store: memoryStore({ isolated: true }) })
  const engine = cache.attach(host)
  const observer = watchWrites({
    engine,
    schema: host.schema,
    announcements: createAnnouncements(),
    raw: { session: { transaction: undefined } } as RawSql,
    written: createWrittenTables('postgres'),
    single: false,
  })
  const token = {}
  observer.begin(token)
  const policy = engine.policy({ ttl: '1h' }, 'note')
  const reads: string[] = []
  cache.on('read', ({ source, reason }) => void reads.push(reason ?? source))
  const read = async (): Promise<string | undefined> => {
    await engine.read({
      operation: 'find',
      model: 'Note',
      policy,
      query: 1,
      occurrences: [{ table: 'note' }],
      severalStatements: false,
      run: async () => 'rows',
    })
    return reads.at(-1)
  }
  return { token, observer, read, write: () => observer.statement(UPDATE, token, async () => 1) }
}

it('a transaction that never ends keeps its tables out of the cache for two minutes', async () => {
  const { read, write } = watching()
  await write()
  expect(await read()).toBe('dirty')
  await vi.advanceTimersByTimeAsync(2 * MINUTE + 1_000)
  await read()
  expect(await read()).toBe('memory')
})

it('a late COMMIT is marked before it is sent, and invalidates', async () => {
  const { token, observer, read, write } = watching()
  await write()
  await vi.advanceTimersByTimeAsync(3 * MINUTE)
  await read()
  expect(await read()).toBe('memory')
  await observer.commit(token, async () => {
    expect(await read()).toBe('dirty')
  })
  expect(await read()).toBe('invalidated')
  expect(await read()).toBe('memory')
})

it('a transaction that continues to write stays dirty until it ends', async () => {
  const { token, observer, read, write } = watching()
  for (let time = 0; time < 6; time++) {
    await write()
    await vi.advanceTimersByTimeAsync(MINUTE - 1)
    expect(await read()).toBe('dirty')
  }
  await observer.rollback(token, async () => {})
  await read()
  expect(await read()).toBe('memory')
})
