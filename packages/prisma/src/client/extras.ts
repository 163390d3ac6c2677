import type { Schema } from '@larder/core/host'
import { type PolicyOptionsByModel, writtenFor } from '../policy/policies.ts'
import type { Datamodel } from '../schema/datamodel.ts'
import { type Extras, schemaOf } from '../schema/schema.ts'
import type { ModelPolicies } from './extension-types.ts'

/** The `lookupKeys`, `touches` and `reads` of each model's policy, or of `'*'`. */
export function extrasOf(models: readonly string[], written: PolicyOptionsByModel): Extras {
  return Object.fromEntries(
    models.map((name) => {
      const { lookupKeys, touches, reads } = writtenFor(written, name) ?? {}
      return [
        name,
        { ...(lookupKeys && { lookupKeys }), ...(touches && { touches }), ...(reads && { reads }) },
      ]
    }),
  )
}

/**
 * Returns the tables of a datamodel as the cache sees them, with what policies declare of them. For tools such as
 * `larder doctor`.
 * @param options `collation` as given to `prismaCache`.
 * @throws CacheError `LARDER_UNKNOWN_MODEL`, `LARDER_UNKNOWN_TABLE`, or `LARDER_CONFIG` for an unknown field or collation.
 * @example
 * ```ts
 * import { tablesOf } from '@larder/prisma'
 *
 * const { tables } = tablesOf(datamodel, { Product: { ttl: '10m' } })
 * console.log([...tables.keys()])
 * ```
 */
export function tablesOf<D extends Datamodel>(
  datamodel: D,
  models?: ModelPolicies<D>,
  { collation }: { collation?: string | undefined } = {},
): Schema {
  const { '*': everyModel, ...own } = extrasOf(
    [...Object.keys(models ?? {}), ...Object.keys(datamodel.models)],
    models ?? {},
  )
  return schemaOf(datamodel, own, collation)
}
