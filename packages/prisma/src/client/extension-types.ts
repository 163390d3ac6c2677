import type { Explained, InvalidateRequest, PolicyOptions, Stats } from '@larder/core'
import type { Types } from '@prisma/client/runtime/client'
import type { LockOptions } from '../plan/lock.ts'
import type { CallPolicy } from '../policy/policies.ts'
import type { Datamodel } from '../schema/datamodel.ts'

/** What `$cache.invalidate` takes: models, tables, rows, tags, or `all`. */
export interface ModelInvalidateRequest<Model extends string = string>
  extends Omit<InvalidateRequest, 'rows' | 'tables'> {
  /** Every read of these models. */
  models?: readonly Model[]
  /** Every read of these tables, by physical name. */
  tables?: readonly string[]
  /**
   * Every read that may contain these rows. `key` gives all fields of a primary, unique, foreign or lookup key of the model,
   * or all of its physical columns for a table.
   */
  rows?: readonly (RowOfModel<Model> | RowOfTable)[]
}

/** A row, by the fields of one key of its model. */
export interface RowOfModel<Model extends string = string> {
  readonly model: Model
  readonly key: Readonly<Record<string, unknown>>
}

/** A row, by the physical columns of one key of its table. */
export type RowOfTable = NonNullable<InvalidateRequest['rows']>[number]

/** The cache of a client: `prisma.$cache`. */
export interface ClientCache<Model extends string = string> {
  /**
   * Invalidates cached reads. Resolves when the store has acknowledged it, or when it is in the journal. Inside a transaction
   * it is applied at COMMIT and dropped on ROLLBACK.
   * @throws CacheError `LARDER_UNKNOWN_MODEL`, `LARDER_UNKNOWN_TABLE`, or `LARDER_CONFIG` for a field that is no part of a key.
   * @example
   * ```ts
   * await prisma.$cache.invalidate({ models: ['Product'] })
   * await prisma.$cache.invalidate({ rows: [{ model: 'Product', key: { id: 5 } }] })
   * ```
   */
  invalidate(request: ModelInvalidateRequest<Model>): Promise<void>
  /**
   * Invalidates every read of these models after raw SQL has written them. Prefer `$cached({ writes })`, which marks the models
   * before the statement: a read between the statement and this call may still store the old rows.
   * @example
   * ```ts
   * await prisma.$executeRaw`UPDATE "Product" SET price = price * 2`
   * await prisma.$cache.wrote(['Product'])
   * ```
   */
  wrote(models: readonly Model[]): Promise<void>
  /**
   * Runs `fn` and reports for each read in it where its result came from.
   * @example
   * ```ts
   * const { result, reads } = await prisma.$cache.explain(() => prisma.product.findMany())
   * console.log(reads[0]?.source) // 'memory', 'store', or 'database'
   * ```
   */
  explain<T>(fn: () => Promise<T> | T): Promise<Explained<T>>
  /** Returns the counters of the whole cache since it was created, by model. */
  stats(): Stats
}

/** The model names of a datamodel, or any string without one. */
export type ModelName<D> = D extends Datamodel ? Extract<keyof D['models'], string> : string

/** A policy for each model name, or `false` to not cache the model. `'*'` applies to every model without its own. */
export type ModelPolicies<D> = { readonly [Model in ModelName<D> | '*']?: PolicyOptions | false }

/** Arguments of `tx.model.lock`: the model's own unique filter, and how to lock. */
export interface LockCall<T> extends LockOptions {
  readonly where: Types.Public.Args<T, 'findUnique'>['where']
}

type LockedRow<T> = Types.Public.Result<T, Record<never, never>, 'findUniqueOrThrow'>

/** What the extension adds to a client, in the shape that keeps every type of the client. */
export interface CacheExtension<Model extends string = string> {
  $extends: {
    extArgs: {
      result: Record<never, never>
      model: {
        $allModels: {
          /**
           * Locks one row until the transaction ends (`SELECT … FOR UPDATE`) and returns it as it is under the lock. With
           * `skipLocked` it returns null if the row is locked or does not exist.
           * @throws CacheError `LARDER_LOCK_OUTSIDE_TRANSACTION`, `LARDER_ROW_NOT_FOUND`, `LARDER_LOCK_UNSUPPORTED`,
           * `LARDER_LOCK_OLD_SNAPSHOT` on MySQL if the transaction read before it locked and somebody changed the row since
           * then, `LARDER_CONFIG` for wrong arguments. With `noWait`, the database's own error if the row is locked.
           * @example
           * ```ts
           * await prisma.$transaction(async (tx) => {
           *   const stock = await tx.stock.lock({ where: { sku: 'lamp' } })
           *   await tx.stock.update({ where: { sku: 'lamp' }, data: { quantity: stock.quantity - 1 } })
           * })
           * ```
           */
          lock: () => <T, A extends LockCall<T>>(
            this: T,
            args: A,
          ) => Promise<LockedRow<T> | (A extends { readonly skipLocked: true } ? null : never)>
        }
      }
      query: Record<never, never>
      client: {
        /**
         * Returns the same client with another policy; with `false` its reads bypass the cache. In a transaction it returns
         * the transaction's own client.
         * @throws CacheError `LARDER_CONFIG` for an option that no call can have, `LARDER_UNKNOWN_TABLE` for an unknown name.
         * @example
         * ```ts
         * await prisma.$cached({ ttl: '30s' }).product.findMany()
         * await prisma.$cached(false).product.findMany()
         * await prisma.$cached({ writes: ['Product'] }).$executeRaw`UPDATE "Product" SET price = price * 2`
         * ```
         */
        $cached: () => <T>(this: T, policy: CallPolicy) => T
        /** Invalidation, `explain` and `stats` of the client's cache. */
        $cache: () => ClientCache<Model>
      }
    }
  }
}
