import { CacheError } from '@larder/core'
import type { ModelName } from '../client/extension-types.ts'
import { cacheExtension, type PrismaCacheOptions } from '../extension.ts'
import type { Datamodel } from '../schema/datamodel.ts'
import type { AccelerateExtension } from './extension-types.ts'
import { createAccelerateSurface } from './surface.ts'

/** Options of {@link withAccelerate}: those of `prismaCache`, and one more. */
export interface WithAccelerateOptions<D extends Datamodel | undefined = undefined>
  extends PrismaCacheOptions<D> {
  /**
   * Whether a write invalidates the cached reads that it may change. Default true. False restores what Accelerate did: a result
   * is served until its lifetime is over or one of its tags is invalidated, whatever is written in between.
   */
  invalidateOnWrite?: boolean
}

/**
 * Creates a Prisma client extension with the API of Prisma Accelerate's cache. Reads take `cacheStrategy` and have
 * `withAccelerateInfo()`, and the client has `$accelerate`. Without `cacheStrategy` a read is not cached, unless `models` gives
 * its model a policy with a `ttl`. Everything else is as in `prismaCache`.
 * @throws CacheError as `prismaCache` does. A read rejects with `LARDER_CONFIG` or `LARDER_DURATION` for a `cacheStrategy` that
 * Accelerate refuses: a negative time, more than five tags, or a tag that is not 1 to 64 letters, digits and underscores.
 * @example
 * ```ts
 * import { createCache } from '@larder/core'
 * import { withAccelerate } from '@larder/prisma/accelerate'
 * import { datamodel } from './generated/larder.ts'
 *
 * const cache = createCache({ namespace: 'shop' })
 * const prisma = new PrismaClient({ adapter }).$extends(withAccelerate({ cache, datamodel }))
 * await prisma.user.findMany({ cacheStrategy: { ttl: 60, swr: 30, tags: ['users'] } })
 * ```
 */
export function withAccelerate<const D extends Datamodel | undefined = undefined>(
  options: WithAccelerateOptions<D>,
): (client: unknown) => AccelerateExtension<ModelName<D>> {
  const { invalidateOnWrite = true, ...rest } = options ?? ({} as WithAccelerateOptions<D>)
  if (typeof invalidateOnWrite !== 'boolean')
    throw new CacheError(
      'LARDER_CONFIG',
      `withAccelerate: invalidateOnWrite is ${JSON.stringify(invalidateOnWrite)}: give true or false`,
    )
  return cacheExtension(rest, {
    name: 'withAccelerate',
    dependsOnWrites: invalidateOnWrite,
    lifetimePerCall: true,
    createSurface: createAccelerateSurface,
  }) as (client: unknown) => AccelerateExtension<ModelName<D>>
}
