import type { ITXClientDenyList, Types } from '@prisma/client/runtime/client'
import type { CacheExtension, ModelName } from './extension-types.ts'

type Extensions = Types.Extensions.InternalArgs
type TypeMapCallback = Types.Extensions.TypeMapCbDef

/** The type that Prisma gives a client with these extensions. */
type ExtendedBy<
  Callback extends TypeMapCallback,
  Args extends Extensions,
> = Types.Extensions.DynamicClientExtensionThis<Types.Utils.Call<Callback, { extArgs: Args }>, Callback, Args>

/** The extensions of a client, and Larder's. */
type WithCache<Callback extends TypeMapCallback, Args extends Extensions, D> = Types.Extensions.MergeExtArgs<
  Types.Utils.Call<Callback, { extArgs: Args }>,
  Args,
  CacheExtension<ModelName<D>>['$extends']['extArgs']
>

/**
 * The type of a client that `prismaCache` has extended. Name it in functions that take the client. For a client that is
 * extended already, it is the client's own type.
 *
 * @typeParam Client `typeof prisma`, or `PrismaClient` where the extended client cannot be imported.
 * @typeParam D `typeof datamodel`, if `$cache` should know the names of the models. Only of use with `PrismaClient`.
 * @example
 * ```ts
 * import type { CachedClient } from '@larder/prisma'
 *
 * type Db = CachedClient<typeof prisma>
 * const newest = (db: Db) => db.product.findMany({ orderBy: { id: 'desc' }, take: 10 })
 * await newest(prisma)
 * ```
 */
export type CachedClient<Client, D = undefined> = Client extends { readonly $cached: unknown }
  ? Client
  : Client extends {
        readonly $extends: Types.Extensions.ExtendsHook<
          'extends',
          infer Callback extends TypeMapCallback,
          infer Args extends Extensions,
          infer _
        >
      }
    ? ExtendedBy<Callback, WithCache<Callback, Args, D>>
    : never

/**
 * The type of `tx` in `prisma.$transaction(async (tx) => …)` on a client that `prismaCache` has extended. A function that takes
 * it also takes the client itself.
 *
 * @typeParam Client as of {@link CachedClient}.
 * @example
 * ```ts
 * import type { CachedTransaction } from '@larder/prisma'
 *
 * type Tx = CachedTransaction<typeof prisma>
 * const reserve = (tx: Tx, sku: string) => tx.stock.update({ where: { sku }, data: { quantity: { decrement: 1 } } })
 * await prisma.$transaction((tx) => reserve(tx, 'lamp'))
 * ```
 */
export type CachedTransaction<Client, D = undefined> = Omit<CachedClient<Client, D>, ITXClientDenyList>
