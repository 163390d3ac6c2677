import { CacheError, type InvalidateRequest } from '@larder/core'
import { is, Table, View } from 'drizzle-orm'
import type { TableLike } from '../policy/table-policies.ts'
import { type Entities, entityName } from '../tables/entities.ts'

/** The request of `db.$cache.invalidate`, whose form is Drizzle's own. */
export interface DrizzleInvalidation {
  /** Tables or views of the schema, or their names in the schema or in the database. An array may contain both. */
  readonly tables?: TableLike | string | readonly (TableLike | string)[]
  /** Tags of policies or of `$withCache({ tag })`. */
  readonly tags?: string | readonly string[]
}

/**
 * Replaces the tables of a request with their physical names.
 * @throws CacheError `LARDER_CONFIG` for a value that is neither a table nor a name.
 */
export function withPhysicalTables(entities: Entities, request: DrizzleInvalidation): InvalidateRequest {
  const { tables, tags } = request ?? {}
  return {
    ...(tables !== undefined && { tables: listOf(tables).map((table) => nameOf(entities, table)) }),
    ...(tags !== undefined && { tags: listOf(tags) as readonly string[] }),
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}

function nameOf(entities: Entities, table: unknown): string {
  if (is(table, Table) || is(table, View)) return entityName(table)
  if (typeof table === 'string') {
    const entity = entities.get(table)
    // `public.orders` is `orders`, because tags do not contain the database schema.
    return entity ? entityName(entity) : table.slice(table.lastIndexOf('.') + 1)
  }
  throw new CacheError(
    'LARDER_CONFIG',
    `$cache.invalidate was called with tables: ${String(table)}: pass tables of the schema, or their names`,
  )
}
