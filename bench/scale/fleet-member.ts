// One process of small-fleet.ts: reads and writes at a fixed rate, at random times.
import { setTimeout as wait } from 'node:timers/promises'
import { createCache } from '@larder/core'
import type { LookupKey, ReadPlan, Table } from '@larder/core/host'
import { valkeyStore } from '@larder/valkey'
import { seededRandom } from '../random.ts'
import { itemOf } from '../valkey/items.ts'
import type { Item } from '../valkey/shop.ts'
import { zipf } from '../valkey/traffic.ts'
import type { Member, MemberCounts } from './small-fleet.ts'

const WARM_UP = 1
const KEY: LookupKey = { kind: 'primary', columns: ['id'] }

const { url, namespace, fleet, seconds, seed } = JSON.parse(process.argv[2] ?? '') as Member
const cache = createCache({ store: valkeyStore(url), namespace, memory: { mode: fleet.mode } })
const tables = Array.from({ length: fleet.tables }, (_, at) => tableOf(nameOf(at + 1)))
const engine = cache.attach({
  name: 'bench',
  schema: { tables: new Map(tables.map((each) => [each.name, each])) },
  database: undefined,
  identity: [],
  types: {},
})
const { maxStaleness } = fleet
const policy = engine.policy({ ttl: '10m', jitter: 0, ...(maxStaleness > 0 && { maxStaleness }) }, 'bench')
const random = seededRandom(seed)
const [pickTable, pickRow] = [zipf(fleet.tables, random), zipf(fleet.rows, random)]
let loads = 0

/** Row 0 stands for the list of the table. Loads take no time, as in the simulation. */
function read(table: number, row: number): Promise<unknown> {
  const plan: ReadPlan<Item> = {
    operation: 'item',
    model: 'Item',
    policy,
    query: { operation: 'item', where: { table, row } },
    occurrences: [
      row ? { table: nameOf(table), pins: { id: [row] }, rows: () => 1 } : { table: nameOf(table) },
    ],
    severalStatements: false,
    async run() {
      loads++
      return itemOf('300 B', row)
    },
  }
  return engine.read(plan)
}

function write(table: number, row: number): Promise<unknown> {
  const change = {
    table: nameOf(table),
    effect: 'update',
    before: { id: [row] },
    sets: { price: 1 },
  } as const
  return engine.write({ operation: 'write', model: 'Item', changes: [change], run: async () => {} })
}

/** Sends what is due once a millisecond. */
async function run(forSeconds: number): Promise<void> {
  const rate = fleet.reads + fleet.writes
  const began = performance.now()
  const running = new Set<Promise<unknown>>()
  let due = 0
  while (due < forSeconds) {
    const now = (performance.now() - began) / 1_000
    for (; due <= now && due < forSeconds; due += -Math.log(1 - random()) / rate) {
      const [table, row] = [pickTable(), pickRow()]
      const isWrite = random() < fleet.writes / rate
      const operation = isWrite ? write(table, row) : read(table, random() < fleet.lists ? 0 : row)
      running.add(operation)
      void operation.finally(() => running.delete(operation))
    }
    await wait(1)
  }
  await Promise.all(running)
}

function nameOf(table: number): string {
  return `items${table}`
}

function tableOf(name: string): Table {
  const columns = ['id', 'price'].map((column) => ({
    name: column,
    type: 'integer' as const,
    nullable: false,
    hasDefault: false,
    generated: false,
  }))
  return { name, columns, keys: [KEY], foreignKeys: [], touches: [], reads: [] }
}

process.once('message', async () => {
  const before = { loads, bypasses: cache.stats().bypasses }
  await run(seconds)
  const bypasses = cache.stats().bypasses - before.bypasses
  process.send?.({ loads: loads - before.loads, bypasses } satisfies MemberCounts)
  await cache.close()
  process.disconnect()
})
// Every entry is there before.
for (let table = 1; table <= fleet.tables; table++)
  for (let row = 0; row <= fleet.rows; row++) await read(table, row)
await run(WARM_UP)
process.send?.('ready')
// The parent went away: so does this.
process.on('disconnect', () => process.exit(0))
