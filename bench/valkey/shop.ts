import type { Cache, ReadReport, Source } from '@larder/core'
import type { LookupKey, Occurrence, Pins, ReadPlan, Table } from '@larder/core/host'
import { ITEM } from '../item-host.ts'

export type Item = Record<keyof typeof ITEM, unknown>

/** A host without an ORM over a database that is a function. */
export interface Shop {
  /** An item, which is a row of one table. */
  readItem(id: number): Promise<Item>
  /** The same with its owner, its notes and those of the next two items: three tables, ten tags. */
  readPage(id: number): Promise<Item>
  /** Changes an item: `commit` is what the database has to do for it. */
  writeItem(id: number, commit?: () => Promise<void>): Promise<void>
  /** Reads until an answer came from `source`, or from any but the database, and says what it depends on. */
  warm(read: () => Promise<unknown>, source?: Source): Promise<ReadReport>
}

const byId: LookupKey = { kind: 'primary', columns: ['id'] }
const byItem: LookupKey = { kind: 'foreign', columns: ['item_id'] }
const LIFETIME = '10m'
const PATIENCE = 5_000

export function openShop(cache: Cache, load: (id: number) => Promise<Item>): Shop {
  const tables = [table('item', [byId]), table('owner', [byId]), table('note', [byId, byItem])]
  const schema = { tables: new Map(tables.map((each) => [each.name, each])) }
  const engine = cache.attach({ name: 'bench', schema, database: undefined, identity: [], types: {} })
  const policy = engine.policy({ ttl: LIFETIME, jitter: 0 }, 'bench')
  // As hosts do: a plan per call.
  const plan = (operation: string, id: number, occurrences: readonly Occurrence[]): ReadPlan<Item> => ({
    operation,
    model: 'Item',
    policy,
    query: { operation, where: { id } },
    occurrences,
    severalStatements: false,
    run: () => load(id),
  })
  return {
    readItem: (id) => engine.read(plan('item', id, [row('item', { id: [id] })])),
    readPage: (id) =>
      engine.read(
        plan('page', id, [
          row('item', { id: [id] }),
          row('owner', { id: [ITEM.ownerId] }),
          { table: 'note', pins: { item_id: [id, id + 1, id + 2] } },
        ]),
      ),
    async writeItem(id, commit = async () => {}) {
      await engine.write({
        operation: 'write',
        model: 'Item',
        changes: [{ table: 'item', effect: 'update', before: { id: [id] }, sets: { price: 1 } }],
        run: commit,
      })
    },
    async warm(read, source) {
      for (const end = performance.now() + PATIENCE; ; ) {
        const { reads } = await cache.explain(read)
        const [report] = reads
        if (report && (source ? report.source === source : report.source !== 'database')) return report
        if (performance.now() > end)
          throw new Error(`no hit within ${PATIENCE} ms: ${report?.reason ?? 'no read'}`)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    },
  }
}

const row = (table: string, pins: Pins): Occurrence => ({ table, pins, rows: () => 1 })

function table(name: string, keys: readonly LookupKey[]): Table {
  const columns = ['id', 'item_id', 'price'].map((column) => ({
    name: column,
    type: 'integer' as const,
    nullable: false,
    hasDefault: false,
    generated: false,
  }))
  return { name, columns, keys, foreignKeys: [], touches: [], reads: [] }
}
