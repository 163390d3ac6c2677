import type { Table } from '../../src/host.ts'
import { createCache, memoryStore } from '../../src/index.ts'

// Keeps rows and says what they take: run with --expose-gc. Arguments: what keeps them, bytes per row, rows, reads of each, tags.
const [kind = 'memory', size = '300', rows = '2000', times = '1', many = '1'] = process.argv.slice(2)
const [length, count, repeats, tags] = [Number(size), Number(rows), Number(times), Number(many)]

const column = { nullable: false, hasDefault: false, generated: false }
const TABLE: Table = {
  name: 'item',
  columns: [{ ...column, name: 'id', type: 'integer' }],
  keys: [{ kind: 'primary', columns: ['id'] }],
  foreignKeys: [],
  touches: [],
  reads: [],
}
/** A server that stores no entry: what is a hit, this process keeps. Its tags are not to be measured, so it has few. */
function forgetful(mostTags: number) {
  const { sync: _, ...store } = memoryStore({ isolated: true, maxEntries: mostTags })
  return { ...store, source: 'store' as const, set: async () => {} }
}
/** Reads rows through a cache with such a bound. */
function reader(maxBytes: number, mostTags: number) {
  const cache = createCache(
    kind === 'memory'
      ? { store: memoryStore({ isolated: true, maxBytes, maxEntries: (1 + tags) * count }) }
      : {
          store: forgetful(mostTags),
          memory: { mode: kind as 'validate' | 'push', maxEntries: (1 + tags) * count, maxBytes },
        },
  )
  const engine = cache.attach({
    name: 'items',
    schema: { tables: new Map([['item', TABLE]]) },
    database: undefined,
    identity: [],
    types: {},
  })
  const policy = engine.policy({ ttl: '10m' }, 'models.Item')
  const read = (id: number): Promise<unknown> =>
    engine.read({
      operation: 'find',
      model: 'Item',
      policy,
      query: { where: { id } },
      occurrences: [{ table: 'item', pins: { id: pinsOf(id) }, rows: () => tags }],
      severalStatements: false,
      run: async () => rowOf(id),
    })
  return { cache, read }
}

const pinsOf = (id: number): readonly number[] => Array.from({ length: tags }, (_, at) => id * 100 + at)

/** A row of about so many bytes in some fields, as rows have. */
function rowOf(id: number): Record<string, unknown> {
  const most = Math.max(1, Math.round((length - 90) / 3))
  const fill = (from: string): string => from.repeat(Math.ceil(most / from.length)).slice(0, most)
  return {
    id,
    name: fill(`n${id} `),
    notes: fill(`o${id} `),
    address: fill(`a${id} `),
    active: true,
    made: new Date(1),
  }
}

function used(): number {
  for (let turn = 0; turn < 4; turn++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Entries are stored a moment after their callers have the result. */
async function stored(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Reads all rows, each so many times, a few at a time. */
async function fill(read: (id: number) => Promise<unknown>): Promise<void> {
  for (let first = 1; first <= count; first += 50) {
    for (let turn = 0; turn < repeats; turn++) {
      for (let id = first; id < first + 50; id++) await read(id)
      await stored()
    }
  }
}

/** Fills a cache. Says what it takes of the heap, and whether the first row is still there. */
async function measure(maxBytes: number): Promise<{ readonly taken: number; readonly isWhole: boolean }> {
  const before = used()
  const { cache, read } = reader(maxBytes, 10)
  await fill(read)
  // For so long a process that watches expects the notification of its own change.
  if (kind === 'push') await new Promise((resolve) => setTimeout(resolve, 1_100))
  const taken = used() - before
  const { hits } = cache.stats()
  await read(1)
  const isWhole = cache.stats().hits > hits
  await cache.close()
  return { taken, isWhole }
}

// What is made once for all is there before it is measured.
await measure(1e9)
await new Promise((resolve) => setTimeout(resolve, 500))
const { taken: all } = await measure(1e9)
const bound = Math.round(0.75 * all)
const { taken: full } = await measure(bound)
const tight = await measure(Math.round(0.8 * all))
const wide = await measure(Math.round(1.2 * all))
const each = Math.round(all / count)
process.stdout.write(
  `${JSON.stringify({ each, bound, full, fitsTight: tight.isWhole, fitsWide: wide.isWhole })}\n`,
)
