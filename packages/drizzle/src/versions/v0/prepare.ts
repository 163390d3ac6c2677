import type { SqlDialect } from '@larder/core'
import type { SelectedFields } from '../../session/rows.ts'
import type { WithCache } from '../../with-cache.ts'

/** What a session's `prepareQuery` was told about a query. */
export interface Preparation {
  /** The selection in the order of the result; undefined for relational and raw queries. */
  readonly fields: SelectedFields | undefined
  /** The driver is asked for lists of values, which Drizzle maps. */
  readonly mapped: boolean
  readonly withCache: WithCache | undefined
}

/** Parameters of `prepareQuery` after the query and the fields, which differ by dialect. */
const MAPPER = { postgres: 4, sqlite: 4, mysql: 2 } as const
const CACHE_CONFIG = 6

export function preparationOf(parameters: readonly unknown[], dialect: SqlDialect): Preparation {
  const fields = parameters[1] as SelectedFields | undefined
  return {
    fields,
    mapped: fields !== undefined || parameters[MAPPER[dialect]] !== undefined,
    withCache: parameters[CACHE_CONFIG] as WithCache | undefined,
  }
}
