import type { OperationPayload, Path, Types } from '@prisma/client/runtime/client'
import type { CacheExtension } from '../client/extension-types.ts'
import type { AccelerateInfo } from './info.ts'
import type { CacheStrategy } from './strategy.ts'

/** What `withAccelerate` adds to the arguments of every read. */
export interface PrismaCacheStrategy {
  /** How this read is cached. Without it the read is not cached. */
  readonly cacheStrategy?: CacheStrategy | undefined
}

/** The promise of a read. */
export interface AcceleratePromise<T> extends Types.Public.PrismaPromise<T> {
  /**
   * Resolves with the result and how the read was answered.
   * @example
   * ```ts
   * import { withAccelerate } from '@larder/prisma/accelerate'
   *
   * const db = new PrismaClient({ adapter }).$extends(withAccelerate({ cache, datamodel }))
   * const { data, info } = await db.user.count({ cacheStrategy: { ttl: 60 } }).withAccelerateInfo()
   * console.log(data, info.cacheStatus) // 'miss', then 'ttl'
   * ```
   */
  withAccelerateInfo(): Types.Public.PrismaPromise<{ data: T; info: AccelerateInfo }>
}

/** What `$accelerate.invalidate` takes. */
export interface AccelerateInvalidateInput {
  /** One to five tags. */
  readonly tags: readonly string[]
}

/** Accelerate's invalidation: `prisma.$accelerate`. In a transaction it is applied at COMMIT. */
export interface Accelerate {
  /**
   * Invalidates the reads that have one of the tags in their `cacheStrategy`.
   * @throws CacheError `LARDER_CONFIG` for no tag, more than five, or one that is not 1 to 64 letters, digits and underscores.
   * @example
   * ```ts
   * import { withAccelerate } from '@larder/prisma/accelerate'
   *
   * const db = new PrismaClient({ adapter }).$extends(withAccelerate({ cache, datamodel }))
   * await db.user.findMany({ cacheStrategy: { ttl: 60, tags: ['users'] } })
   * await db.$accelerate.invalidate({ tags: ['users'] })
   * ```
   */
  invalidate(input: AccelerateInvalidateInput): Promise<{ requestId: string }>
  /** Invalidates everything in the cache, also what other clients of the cache have stored. */
  invalidateAll(): Promise<{ requestId: string }>
}

type ReadOperation =
  | 'aggregate'
  | 'count'
  | 'findFirst'
  | 'findFirstOrThrow'
  | 'findMany'
  | 'findUnique'
  | 'findUniqueOrThrow'
  | 'groupBy'

type ReadArgs<T, F extends ReadOperation> = Types.Public.Args<T, F> & PrismaCacheStrategy

/** Two of these in one call are a mistake that Prisma finds only when it runs. */
type OneSelection<A> = A extends { readonly select: unknown; readonly include: unknown }
  ? 'Please either choose `select` or `include`.'
  : A extends { readonly select: unknown; readonly omit: unknown }
    ? 'Please either choose `select` or `omit`.'
    : unknown

type FluentOperation = 'findFirst' | 'findFirstOrThrow' | 'findUnique' | 'findUniqueOrThrow'
type NullOf<F extends FluentOperation> = F extends 'findFirst' | 'findUnique' ? null : never

/** What Prisma knows of a model: its relations are among `objects`. */
type RelationsOf<P> = P extends OperationPayload ? P['objects'] : never
/** The model of a relation to one row. */
type RelatedTo<P, K extends keyof RelationsOf<P>> = Extract<RelationsOf<P>[K], OperationPayload>

/**
 * Prisma's fluent API, such as `.posts()`: the related rows of one row. It has to be made again, because an extension that
 * declares arguments of its own declares the whole result.
 */
type Fluent<P, Select, Null> = {
  [K in keyof RelationsOf<P>]: <A>(
    args?: Types.Public.Exact<A, Path<Select, [K]>>,
  ) => Types.Public.PrismaPromise<
    | Path<
        Types.Result.GetResult<
          Extract<P, OperationPayload>,
          { select: { [_ in K]: A } },
          'findUniqueOrThrow'
        >,
        [K]
      >
    | Null
  > &
    Fluent<RelatedTo<P, K>, Path<Path<Select, [K]>, ['select']>, Null | Extract<RelationsOf<P>[K], null>>
}

/** The promise of a read of one row. */
type RowPromise<T, A, F extends FluentOperation> = AcceleratePromise<Types.Public.Result<T, A, F>> &
  Fluent<Types.Public.Payload<T>, Path<Types.Public.Args<T, F>, ['select']>, NullOf<F>>

type FirstRead<F extends FluentOperation> = <T, A>(
  this: T,
  args?: Types.Public.Exact<A, ReadArgs<T, F>> & OneSelection<A>,
) => RowPromise<T, A, F>

type UniqueRead<F extends FluentOperation> = <T, A>(
  this: T,
  args: Types.Public.Exact<A, ReadArgs<T, F>> & OneSelection<A>,
) => RowPromise<T, A, F>

/** The reads of every model. A type, because Prisma's own need an index signature, which no interface has. */
export type AccelerateReads = {
  aggregate: () => <T, A>(
    this: T,
    args: Types.Public.Exact<A, ReadArgs<T, 'aggregate'>>,
  ) => AcceleratePromise<Types.Public.Result<T, A, 'aggregate'>>
  count: () => <T, A>(
    this: T,
    args?: Types.Public.Exact<A, ReadArgs<T, 'count'>>,
  ) => AcceleratePromise<Types.Public.Result<T, A, 'count'>>
  findFirst: () => FirstRead<'findFirst'>
  findFirstOrThrow: () => FirstRead<'findFirstOrThrow'>
  findMany: () => <T, A>(
    this: T,
    args?: Types.Public.Exact<A, ReadArgs<T, 'findMany'>> & OneSelection<A>,
  ) => AcceleratePromise<Types.Public.Result<T, A, 'findMany'>>
  findUnique: () => UniqueRead<'findUnique'>
  findUniqueOrThrow: () => UniqueRead<'findUniqueOrThrow'>
  groupBy: () => <T, A>(
    this: T,
    args: Types.Public.Exact<A, ReadArgs<T, 'groupBy'>>,
  ) => AcceleratePromise<Types.Public.Result<T, A, 'groupBy'>>
}

type PlainArgs<Model extends string> = CacheExtension<Model>['$extends']['extArgs']

/** What `withAccelerate` adds to a client: all that `prismaCache` does, and Accelerate's reads and invalidation. */
export interface AccelerateExtension<Model extends string = string> {
  $extends: {
    extArgs: {
      result: Record<never, never>
      model: { $allModels: PlainArgs<Model>['model']['$allModels'] & AccelerateReads }
      query: Record<never, never>
      client: PlainArgs<Model>['client'] & {
        /** Invalidation by tags, and of everything. */
        $accelerate: () => Accelerate
      }
    }
  }
}
