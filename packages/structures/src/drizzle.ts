import { CacheError, show } from '@larder/core/store'
import { type AnyColumn, eq, is, Table } from 'drizzle-orm'
import { callback, checkNames } from './base/options.ts'
import { applyOnce } from './batches/apply-once.ts'

/** The part of a Drizzle db, also a wrapped one, that {@link drizzleFlush} uses. */
interface DrizzleLike<Tx> {
  transaction(run: (tx: Tx) => Promise<void>): Promise<unknown>
}

/** What `db` and the transaction have alike in every dialect. */
interface Statements {
  select(fields: { id: AnyColumn }): {
    from(table: Table): { where(condition: unknown): PromiseLike<readonly unknown[]> }
  }
  insert(table: Table): { values(row: { id: string }): PromiseLike<unknown> }
}

/** Options of {@link drizzleFlush}. */
export interface DrizzleFlushOptions<Tx> {
  /** The table that records batches. Its text column `id` is the primary key; its other columns have defaults. */
  batches: Table & { id: AnyColumn }
  /** Adds the increments, with the transaction given. Called at most once per transaction. */
  apply: (tx: Tx, deltas: Map<string, number>) => Promise<unknown>
}

const OPTIONS = ['batches', 'apply']

/**
 * Makes the `flush` of a counter that counts every increment exactly once: the batch's id is stored in the transaction that
 * adds the sums, and a batch that is stored already is skipped. With a wrapped `db`, the writes invalidate as always. The
 * driver must be asynchronous.
 * @throws CacheError `LARDER_CONFIG` that names a wrong option.
 * @example
 * ```ts
 * import { drizzleFlush } from '@larder/structures/drizzle'
 *
 * const flush = drizzleFlush(db, {
 *   batches: counterBatches,
 *   async apply(tx, views) {
 *     for (const [id, by] of views)
 *       await tx.update(products).set({ views: sql`${products.views} + ${by}` }).where(eq(products.id, Number(id)))
 *   },
 * })
 * ```
 */
export function drizzleFlush<Tx extends object>(
  db: DrizzleLike<Tx>,
  options: DrizzleFlushOptions<Tx>,
): (deltas: Map<string, number>, batch: string) => Promise<void> {
  if (typeof db?.transaction !== 'function')
    throw new CacheError('LARDER_CONFIG', `drizzleFlush got ${show(db)}: give a Drizzle db`)
  checkNames(options, OPTIONS, 'drizzleFlush')
  const { batches } = options
  if (!is(batches, Table) || !('id' in batches))
    throw new CacheError(
      'LARDER_CONFIG',
      `batches is ${show(batches)}: give a table whose primary key is a text column \`id\``,
    )
  const apply = callback(options.apply, 'apply', '(tx, deltas) => Promise')
  const statements = (of: object): Statements => of as Statements
  return applyOnce<Tx>(
    {
      transaction: (run) => db.transaction(run),
      async isRecorded(tx, id) {
        const rows = await statements(tx).select({ id: batches.id }).from(batches).where(eq(batches.id, id))
        return rows.length > 0
      },
      record: async (tx, id) => await statements(tx).insert(batches).values({ id }),
    },
    apply,
  )
}
