import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createCache, memoryStore } from '@larder/core'
import { fakeClock } from '@larder/testing'
import { expect, it } from 'vitest'

const bytes = (length: number): Uint8Array => new Uint8Array(length)

it('holds at most maxEntries entries and evicts the least recently used ones', async () => {
  const store = memoryStore({ maxEntries: 3 })
  for (const name of ['a', 'b', 'c']) await store.set(name, bytes(1), 1_000)
  await store.fetch('a', [])
  await store.set('d', bytes(1), 1_000)
  const present = await Promise.all(
    ['a', 'b', 'c', 'd'].map(async (name) => (await store.fetch(name, [])).entry !== null),
  )
  expect(present).toEqual([true, false, true, true])
})

it('holds at most maxBytes bytes, including names and overhead', async () => {
  const store = memoryStore({ maxBytes: '32kb' })
  for (let entry = 0; entry < 100; entry++) await store.set(`entry-${entry}`, bytes(1_000), 1_000)
  let count = 0
  for (let entry = 0; entry < 100; entry++) if ((await store.fetch(`entry-${entry}`, [])).entry) count++
  expect(count).toBeGreaterThanOrEqual(10)
  expect(count * 1_000).toBeLessThanOrEqual(32 * 1_024)
})

it('does not store an entry larger than maxBytes, and keeps the others', async () => {
  const store = memoryStore({ maxBytes: '16kb' })
  await store.set('small', bytes(10), 1_000)
  await store.set('large', bytes(20_000), 1_000)
  expect((await store.fetch('large', [])).entry).toBeNull()
  expect((await store.fetch('small', [])).entry).not.toBeNull()
})

it('a cache reserves no memory for entries that it does not have', async () => {
  const taken = (): number => {
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const before = taken()
  const caches = Array.from({ length: 40 }, () => createCache({ store: memoryStore({ isolated: true }) }))
  const each = (taken() - before) / caches.length
  await Promise.all(caches.map((cache) => cache.close()))
  // A place for each of 10,000 entries would be 160 kB for the names and values alone.
  expect(each).toBeLessThan(100_000)
})

it('the remaining lifetime is measured by the clock that was passed', async () => {
  const clock = fakeClock()
  const store = memoryStore({ clock })
  await store.set('entry', bytes(1), 1_000)
  await clock.advance(400)
  expect((await store.fetch('entry', [])).entry?.remaining).toBe(600)
  await clock.advance(600)
  expect((await store.fetch('entry', [])).entry?.remaining).toBe(0)
})

it('100,000 clean tags evict no mark, and the store stays bounded', async () => {
  const store = memoryStore({ maxEntries: 50 })
  const cells = Array.from({ length: 1_000 }, (_, index) => `{table}:dirty-${index}`)
  const record = '{table}'
  await store.mark({ record, token: 'w', fields: ['list', 'k'], known: ['k'], cells, lifetime: 1 })
  let cleanCount = 0
  for (let from = 0; from < 100_000; from += 100) {
    const clean = Array.from({ length: 100 }, (_, index) => `{other}:${from + index}`)
    await store.seed([{ record: '{other}', fields: [], cells: clean }], 1_000)
  }
  for (let from = 0; from < 100_000; from += 100) {
    const clean = Array.from({ length: 100 }, (_, index) => `{other}:${from + index}`)
    const { tags } = await store.fetch(undefined, [{ record: '{other}', fields: [], cells: clean }])
    cleanCount += tags[0]?.cells.filter((cell) => cell !== null).length ?? 0
  }
  expect(cleanCount).toBeLessThanOrEqual(200)
  const { tags } = await store.fetch(undefined, [{ record, fields: ['list', 'k'], cells }])
  expect(tags[0]?.fields.every((tag) => tag?.dirty)).toBe(true)
  expect(tags[0]?.cells.every((tag) => tag?.dirty)).toBe(true)
})

it('marks in a memory store have no deadline, however long a write takes', async () => {
  const clock = fakeClock()
  const store = memoryStore({ clock })
  await store.mark({ record: '{t}', token: 'w', fields: ['list'], known: [], cells: [], lifetime: 30_000 })
  await clock.advance(3_600_000)
  const { tags } = await store.fetch(undefined, [{ record: '{t}', fields: ['list'], cells: [] }])
  expect(tags[0]?.fields[0]?.dirty).toBe(true)
})

it('two stores never share a nonce', async () => {
  const ask = [{ record: '{t}', fields: ['list'], cells: ['{t}:k=1'] }]
  const [first, second] = [await memoryStore().seed(ask, 1), await memoryStore().seed(ask, 1)]
  expect(first.epoch).not.toBe(second.epoch)
  expect(first.tags[0]?.fields[0]?.nonce).not.toBe(second.tags[0]?.fields[0]?.nonce)
})

it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
  'refuses maxEntries: %s and names the option',
  (maxEntries) => {
    expect(() => memoryStore({ maxEntries })).toThrow(/memoryStore\.maxEntries/)
  },
)

it('memoryStore is refused in a worker of node:cluster, unless singleProcess is true', async () => {
  const primary = fork(fileURLToPath(new URL('cluster-primary.mjs', import.meta.url)), {
    stdio: 'pipe',
    execArgv: [],
  })
  const reports: unknown[] = []
  primary.on('message', (report) => reports.push(report))
  const code = await new Promise((resolve) => primary.once('exit', resolve))
  expect(code).toBe(0)
  expect(reports).toEqual([{ code: 'LARDER_CLUSTER_WORKER', allowed: true, inPrimary: true }])
})

it('refuses unknown options, so that a misspelt bound is noticed', () => {
  const misspelt: object = { maxEntires: 3 }
  expect(() => memoryStore(misspelt)).toThrow(
    /no option maxEntires: there are singleProcess, isolated, maxEntries/,
  )
  for (const options of [null, 5])
    expect(() => memoryStore(options as never)).toThrow(/give options, or nothing/)
})
