import { CacheError, type InvalidateRequest } from '@larder/core'
import { is, Table, View } from 'drizzle-orm'
import { type Entities, nameOf } from '../tables/schema.ts'

/** What Drizzle's own `db.$cache.invalidate` takes. */
export interface DrizzleInvalidation {
  readonly tables?: unknown
  readonly tags?: string | readonly string[]
}

/**
 * Drizzle's request in physical names. A table is given as itself, by its name in the schema or in the database.
 * @throws CacheError `LARDER_CONFIG` for what is neither.
 */
export function physicalRequest(entities: Entities, given: DrizzleInvalidation): InvalidateRequest {
  const { tables, tags } = given ?? {}
  return {
    ...(tables !== undefined && { tables: listed(tables).map((table) => tableNamed(entities, table)) }),
    ...(tags !== undefined && { tags: listed(tags) as readonly string[] }),
  }
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}

function tableNamed(entities: Entities, table: unknown): string {
  if (is(table, Table) || is(table, View)) return nameOf(table)
  if (typeof table === 'string') {
    const entity = entities.get(table)
    // `public.orders` is `orders`: a tag has no schema name.
    return entity ? nameOf(entity) : table.slice(table.lastIndexOf('.') + 1)
  }
  throw new CacheError(
    'LARDER_CONFIG',
    `$cache.invalidate was given tables: ${String(table)}: give tables of the schema, or their names`,
  )
}
