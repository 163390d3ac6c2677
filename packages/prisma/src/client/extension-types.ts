import type { Explained, InvalidateRequest, PolicyOptions, Stats } from '@larder/core'
import type { Types } from '@prisma/client/runtime/client'
import type { LockOptions } from '../plan/lock.ts'
import type { CallPolicy } from '../policy/policies.ts'
import type { Datamodel } from '../schema/datamodel.ts'

/** Options of `$cache.invalidate`: models by name, or rows by their fields, besides what the cache itself takes. */
export interface ModelInvalidateRequest<Model extends string = string>
  extends Omit<InvalidateRequest, 'rows' | 'tables'> {
  /** Every read of these models. */
  models?: readonly Model[]
  /** Every read of these tables, by physical name. */
  tables?: readonly string[]
  /**
   * Reads that could see these rows; `key` names all of one primary, unique, foreign or named key: fields of a model,
   * or physical columns of a table.
   */
  rows?: readonly (RowOfModel<Model> | RowOfTable)[]
}

/** A row by the fields of its model. */
export interface RowOfModel<Model extends string = string> {
  readonly model: Model
  readonly key: Readonly<Record<string, unknown>>
}

/** A row by the physical columns of its table. */
export type RowOfTable = NonNullable<InvalidateRequest['rows']>[number]

/** `prisma.$cache`. */
export interface ClientCache<Model extends string = string> {
  /** Resolves when acknowledged; inside a transaction it is applied at COMMIT and dropped on ROLLBACK. */
  invalidate(request: ModelInvalidateRequest<Model>): Promise<void>
  /**
   * To be called after raw SQL that wrote these models: their reads end now. Weaker than `$cached({ writes })`, which
   * marks before the statement: a read between the statement and this call may still see, and store, what was.
   */
  wrote(models: readonly Model[]): Promise<void>
  /** Runs `fn` and tells where each read in it came from. */
  explain<T>(fn: () => Promise<T> | T): Promise<Explained<T>>
  /** Counts of the whole cache, by model. */
  stats(): Stats
}

/** Names of the models of a datamodel; any name where there is none. */
export type ModelName<D> = D extends Datamodel ? Extract<keyof D['models'], string> : string

/** Policies by model; `'*'` stands for every model without one. */
export type ModelPolicies<D> = { readonly [Model in ModelName<D> | '*']?: PolicyOptions }

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
           * Locks one row until the transaction ends (`SELECT … FOR UPDATE`) and returns it as it is under the lock.
           * Null only with `skipLocked`: locked by somebody else, or not there.
           */
          lock: () => <T, A extends LockCall<T>>(
            this: T,
            args: A,
          ) => Promise<LockedRow<T> | (A extends { readonly skipLocked: true } ? null : never)>
        }
      }
      query: Record<never, never>
      client: {
        /** The same client under another policy; `false`: past the cache. In a transaction: the transaction's own client. */
        $cached: () => <T>(this: T, policy: CallPolicy) => T
        $cache: () => ClientCache<Model>
      }
    }
  }
}
