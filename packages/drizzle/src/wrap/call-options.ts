import { CacheError, type PolicyOptions } from '@larder/core'
import { is, Table, View } from 'drizzle-orm'
import type { CallPolicy } from '../policy/policies.ts'
import { type Entities, entityName } from '../tables/entities.ts'

/**
 * Options of {@link cached}: a policy for one call, and the tables of its raw SQL.
 * @example
 * ```ts
 * import type { CallOptions } from '@larder/drizzle'
 *
 * const options: CallOptions = { ttl: '30s', reads: [products, 'orders'] }
 * const rows = await cached(db, options).execute(sql`select count(*) from product, "order"`)
 * ```
 */
export interface CallOptions
  extends Omit<PolicyOptions, 'reads' | 'touches' | 'lookupKeys' | 'onMarkFailure' | 'write'> {
  /** The tables and views that raw SQL reads, as objects or by name. Raw reads are cached only with this option. */
  readonly reads?: readonly (Table | View | string)[]
  /** The tables that raw SQL, or a function it calls, writes. Replaces what Larder reads from the text. */
  readonly writes?: readonly (Table | View | string)[]
}

/**
 * Replaces the tables in the options of a call with bare physical names.
 * @throws CacheError `LARDER_CONFIG` for an option that is not a list of tables, or an empty `reads`.
 * @throws CacheError `LARDER_UNKNOWN_TABLE` for a table that the schema does not have.
 */
export function withPhysicalNames(entities: Entities, call: CallOptions | false): CallPolicy {
  if (typeof call !== 'object' || call === null) return call
  const { reads, writes, ...policy } = call
  const tables = {
    ...(reads !== undefined && { reads: namesOf(entities, 'reads', reads) }),
    ...(writes !== undefined && { writes: namesOf(entities, 'writes', writes) }),
  }
  if (tables.reads?.length === 0)
    throw new CacheError(
      'LARDER_CONFIG',
      'cached(db, { reads: [] }) names no table, so no write would invalidate the entry: name the tables that the statement reads',
    )
  return { ...policy, ...tables }
}

function namesOf(entities: Entities, option: string, tables: unknown): readonly string[] {
  if (!Array.isArray(tables))
    throw new CacheError(
      'LARDER_CONFIG',
      `cached(db, { ${option} }) takes an array of tables, such as { ${option}: [orders] }; not ${String(tables)}`,
    )
  return tables.map((table) => nameOf(entities, option, table))
}

function nameOf(entities: Entities, option: string, table: unknown): string {
  const names = [...entities.values()].map(entityName)
  const name = is(table, Table) || is(table, View) ? entityName(table) : table
  if (typeof name === 'string') {
    const entity = name === table ? entities.get(name) : undefined
    const bare = entity ? entityName(entity) : name.slice(name.lastIndexOf('.') + 1)
    if (names.includes(bare)) return bare
  }
  throw new CacheError(
    'LARDER_UNKNOWN_TABLE',
    `cached(db, { ${option} }) names ${String(name)}: the schema exports no table or view of that name: there are ${[...entities.keys()].join(', ')}`,
  )
}
