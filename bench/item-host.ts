import type { Cache } from '@larder/core'
import type { LookupKey, Occurrence, ReadPlan, Table } from '@larder/core/host'

/** What is cached: a row of a shop, of types that every cache here can carry. */
export const ITEM = {
  id: 4711,
  sku: 'LAMP-4711-BRASS',
  name: 'Reading lamp, brass, with dimmer',
  description: 'A lamp for the desk or the bedside. Solid brass, a linen shade, two metres of cable.',
  price: 129.9,
  stock: 42,
  active: true,
  ownerId: 17,
  updatedAt: '2025-06-07T12:00:00.000Z',
} as const

const ID: LookupKey = { kind: 'primary', columns: ['id'] }
const ITEM_ID: LookupKey = { kind: 'foreign', columns: ['item_id'] }

export const ONE_TABLE: readonly Occurrence[] = [{ table: 'item', pins: { id: [ITEM.id] }, rows: () => 1 }]
/** An item with its owner and its notes. */
export const THREE_TABLES: readonly Occurrence[] = [
  ...ONE_TABLE,
  { table: 'owner', pins: { id: [ITEM.ownerId] }, rows: () => 1 },
  { table: 'note', pins: { item_id: [ITEM.id] } },
]

/** A host without an ORM: what is timed is the engine alone. */
export function attachItems(
  cache: Cache,
): (name: string, occurrences: readonly Occurrence[]) => () => unknown {
  const tables = [tableOf('item', ['id'], [ID]), tableOf('owner', ['id'], [ID])]
  const all = [...tables, tableOf('note', ['id', 'item_id'], [ID, ITEM_ID])]
  const schema = { tables: new Map(all.map((table) => [table.name, table])) }
  const engine = cache.attach({ name: 'bench', schema, database: undefined, identity: [], types: {} })
  const policy = engine.policy({ ttl: '1h' }, 'bench')
  return (name, occurrences) => {
    const load = once(ITEM)
    // As hosts do: a plan per call.
    const plan = (): ReadPlan<typeof ITEM> => ({
      operation: name,
      model: 'Item',
      policy,
      query: { name, where: { id: ITEM.id } },
      occurrences,
      severalStatements: false,
      run: load,
    })
    return () => engine.read(plan())
  }
}

function tableOf(name: string, columns: readonly string[], keys: readonly LookupKey[]): Table {
  const described = columns.map((column) => ({
    name: column,
    type: 'integer' as const,
    nullable: false,
    hasDefault: false,
    generated: false,
  }))
  return { name, columns: described, keys, foreignKeys: [], touches: [], reads: [] }
}

/** A load that may run once: a second time, what was to be timed as a hit is none. */
export function once<T>(value: T): () => Promise<T> {
  let runs = 0
  return async () => {
    if (runs++ > 0) throw new Error('Not a hit: the load ran again')
    return value
  }
}
