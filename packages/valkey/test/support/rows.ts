import type { Cache, ReadReport } from '@larder/core'
import type { Engine, ReadPlan, Table } from '@larder/core/host'
import type { Redis } from 'iovalkey'

/** A host whose database is one hash of a server: all processes of a test see it. */
export interface Rows {
  /** The row's value, and where it came from. */
  read(id: number): Promise<ReadReport & { readonly value: string | null }>
  write(id: number, value: string): Promise<void>
}

const column = { nullable: false, hasDefault: false, generated: false }
const TABLE: Table = {
  name: 'row',
  columns: [
    { ...column, name: 'id', type: 'integer' },
    { ...column, name: 'value', type: 'other' },
  ],
  keys: [{ kind: 'primary', columns: ['id'] }],
  foreignKeys: [],
  touches: [],
  reads: [],
}

/** @param name the hash that is the database. */
export function attachRows(cache: Cache, database: Redis, name: string): Rows {
  const engine: Engine = cache.attach({
    name: 'rows',
    schema: { tables: new Map([[TABLE.name, TABLE]]) },
    database: undefined,
    identity: [],
    types: {},
  })
  const plan = (id: number): ReadPlan<string | null> => ({
    operation: 'Row.find',
    model: 'Row',
    policy: engine.policy({ ttl: '10m', jitter: 0 }, 'models.Row'),
    query: id,
    occurrences: [{ table: TABLE.name, pins: { id: [id] }, rows: (row) => (row === null ? 0 : 1) }],
    severalStatements: false,
    run: () => database.hget(name, String(id)),
  })
  return {
    async read(id) {
      const { result, reads } = await cache.explain(() => engine.read(plan(id)))
      return { ...(reads[0] as ReadReport), value: result }
    },
    async write(id, value) {
      await engine.write({
        operation: 'Row.update',
        model: 'Row',
        changes: [{ table: TABLE.name, effect: 'update', before: { id: [id] }, sets: { value } }],
        run: () => database.hset(name, String(id), value),
      })
    },
  }
}
