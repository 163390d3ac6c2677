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
      ? { store: memoryStore({ isolated: true, maxBytes, maxEntries: 10_000 }) }
      : {
          store: forgetful(mostTags),
          memory: { mode: kind as 'validate' | 'push', maxEntries: 10_000, maxBytes },
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

/** Bytes of the heap for each row. */
async function measureHeap(): Promise<number> {
  const { cache, read } = reader(1_000_000_000, 10)
  // What is made once for all is there before it is measured.
  for (let id = 1; id <= 300; id++) await read(-id)
  // Whatever was loaded to start the program is gone by now.
  await new Promise((resolve) => setTimeout(resolve, 500))
  used()
  const before = used()
  for (let turn = 0; turn < repeats; turn++) for (let id = 1; id <= count; id++) await read(id)
  await stored()
  const after = used()
  await cache.close()
  return (after - before) / count
}

/** Bytes that the bound counts for each row: so many fit. */
async function counted(maxBytes: number): Promise<number> {
  const { cache, read } = reader(maxBytes, 10_000)
  for (let id = 1; id <= count; id++) {
    await read(id)
    if (id % 50 === 0) await stored()
  }
  await stored()
  const { hits } = cache.stats()
  // From the youngest on: what is gone takes nothing away from what has been counted.
  for (let id = count; id >= 1; id--) await read(id)
  return maxBytes / (cache.stats().hits - hits)
}

const perRow = await measureHeap()
const bound = await counted((perRow * count) / 3)
process.stdout.write(`${JSON.stringify({ heapBytes: Math.round(perRow), counted: Math.round(bound) })}\n`)
