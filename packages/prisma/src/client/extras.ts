import type { PolicyOptions } from '@larder/core'
import type { Schema } from '@larder/core/host'
import { writtenFor } from '../policy/policies.ts'
import type { Datamodel } from '../schema/datamodel.ts'
import { type Extras, schemaOf } from '../schema/schema.ts'
import type { ModelPolicies } from './extension-types.ts'

/** What each model's policy, its own or that of `'*'`, says of its table. */
export function extrasOf(
  models: readonly string[],
  written: Readonly<Record<string, PolicyOptions | undefined>>,
): Extras {
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
 * The tables of a datamodel as the cache knows them, with what the policies declare of them; for tools such as
 * `larder doctor`.
 * @param options `collation` as given to `prismaCache`.
 * @throws CacheError for a model, a table or a field that is not there, or a collation that is not known.
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
