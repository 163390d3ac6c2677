import { CacheError, type PolicyOptions } from '@larder/core'
import { is, Table, View } from 'drizzle-orm'
import type { CallPolicy } from '../policy/policies.ts'
import { type Entities, nameOf } from '../tables/schema.ts'

/** Options of one call. */
export interface CallOptions
  extends Omit<PolicyOptions, 'reads' | 'touches' | 'lookupKeys' | 'onMarkFailure' | 'write'> {
  /** The tables and views that raw reads depend on, as themselves or by name: with it they are cached. */
  readonly reads?: readonly (Table | View | string)[]
  /** The tables that raw SQL writes, or the functions it calls, in place of what its text cannot tell. */
  readonly writes?: readonly (Table | View | string)[]
}

/**
 * A call's options with bare physical names in place of tables.
 * @throws CacheError `LARDER_CONFIG` for what is no list of tables, or a list of none to read; `LARDER_UNKNOWN_TABLE`.
 */
export function inPhysicalNames(entities: Entities, call: CallOptions | false): CallPolicy {
  if (typeof call !== 'object' || call === null) return call
  const { reads, writes, ...policy } = call
  const named = {
    ...(reads !== undefined && { reads: namesOf(entities, 'reads', reads) }),
    ...(writes !== undefined && { writes: namesOf(entities, 'writes', writes) }),
  }
  if (named.reads?.length === 0)
    throw new CacheError(
      'LARDER_CONFIG',
      'cached(db, { reads: [] }) names no table, so no write would end what is cached: name the tables that the statement reads',
    )
  return { ...policy, ...named }
}

function namesOf(entities: Entities, option: string, given: unknown): readonly string[] {
  if (!Array.isArray(given))
    throw new CacheError(
      'LARDER_CONFIG',
      `cached(db, { ${option} }) takes an array of tables, such as { ${option}: [orders] }; not ${String(given)}`,
    )
  return given.map((one) => nameIn(entities, option, one))
}

function nameIn(entities: Entities, option: string, one: unknown): string {
  const known = [...entities.values()].map(nameOf)
  const given = is(one, Table) || is(one, View) ? nameOf(one) : one
  if (typeof given === 'string') {
    const entity = given === one ? entities.get(given) : undefined
    const bare = entity ? nameOf(entity) : given.slice(given.lastIndexOf('.') + 1)
    if (known.includes(bare)) return bare
  }
  throw new CacheError(
    'LARDER_UNKNOWN_TABLE',
    `cached(db, { ${option} }) names ${String(given)}: the schema exports no such table or view: there are ${[...entities.keys()].join(', ')}`,
  )
}
