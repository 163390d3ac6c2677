import { CacheError, show } from '@larder/core/store'
import { callback, checkNames } from './base/options.ts'
import { applyOnce } from './batches/apply-once.ts'

/** A model whose rows are the batches that were applied: its `id` is a text. */
interface BatchDelegate {
  findUnique(query: { where: { id: string } }): PromiseLike<unknown>
  create(query: { data: { id: string } }): PromiseLike<unknown>
}

/** The part of a Prisma client, also an extended one, that {@link prismaFlush} uses. */
interface PrismaLike<Tx> {
  $transaction(run: (tx: Tx) => Promise<void>): Promise<unknown>
}

/** Names of a client's models, as it spells them. */
type ModelName<Client> = Exclude<keyof Client, symbol | number | `$${string}`>

/** Options of {@link prismaFlush}. */
export interface PrismaFlushOptions<Tx, Name = ModelName<Tx>> {
  /** The model that records batches, as the client spells it, such as `'counterBatch'`. It needs `id String @id`. */
  batches: Name
  /** Adds the increments, with the client of the transaction. Called at most once per transaction. */
  apply: (tx: Tx, deltas: Map<string, number>) => Promise<unknown>
}

const OPTIONS = ['batches', 'apply']

/**
 * Makes the `flush` of a counter that counts every increment exactly once: the batch's id is stored in the transaction that
 * adds the sums, and a batch that is stored already is skipped. With an extended client, the writes invalidate as always.
 * @throws CacheError `LARDER_CONFIG` that names a wrong option.
 * @example
 * ```ts
 * import { prismaFlush } from '@larder/structures/prisma'
 *
 * const flush = prismaFlush(prisma, {
 *   batches: 'counterBatch',
 *   async apply(tx, views) {
 *     for (const [id, by] of views)
 *       await tx.product.updateMany({ where: { id: Number(id) }, data: { views: { increment: by } } })
 *   },
 * })
 * ```
 */
export function prismaFlush<Tx extends object>(
  prisma: PrismaLike<Tx>,
  options: PrismaFlushOptions<Tx>,
): (deltas: Map<string, number>, batch: string) => Promise<void> {
  if (typeof prisma?.$transaction !== 'function')
    throw new CacheError('LARDER_CONFIG', `prismaFlush got ${show(prisma)}: give a Prisma client`)
  checkNames(options, OPTIONS, 'prismaFlush')
  const apply = callback(options.apply, 'apply', '(tx, deltas) => Promise')
  const batchesOf = (client: object): BatchDelegate => {
    const model = (client as Readonly<Record<string, BatchDelegate | undefined>>)[options.batches]
    if (typeof model?.create !== 'function')
      throw new CacheError(
        'LARDER_CONFIG',
        `batches is ${show(options.batches)}, and the client has no such model: add one with \`id String @id\`, and name it as the client does, such as 'counterBatch'`,
      )
    return model
  }
  batchesOf(prisma)
  return applyOnce<Tx>(
    {
      transaction: (run) => prisma.$transaction(run),
      isRecorded: async (tx, id) => (await batchesOf(tx).findUnique({ where: { id } })) !== null,
      record: async (tx, id) => await batchesOf(tx).create({ data: { id } }),
    },
    apply,
  )
}
