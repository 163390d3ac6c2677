import { drizzleFlush } from '@larder/structures/drizzle'
import { type SQL, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { pgTable, text } from 'drizzle-orm/pg-core'
import type pg from 'pg'

/** Ids, and what is added to each. */
export type DeltaRows = readonly [ids: string[], sums: number[]]

const TEXT = `INSERT INTO app_total SELECT * FROM unnest($1::text[], $2::bigint[])
ON CONFLICT (id) DO UPDATE SET total = app_total.total + excluded.total`

/** Adds sums in one statement. */
export const addTotals: { readonly text: string; sql(rows: DeltaRows): SQL } = {
  text: TEXT,
  sql([ids, sums]) {
    const [before, between, after] = TEXT.split(/\$[12]/)
    return sql`${sql.raw(before ?? '')}${sql.param(ids)}${sql.raw(between ?? '')}${sql.param(sums)}${sql.raw(after ?? '')}`
  },
}

/** The table of batches as Drizzle knows it. */
export const batchesOf = pgTable('app_setting', {
  id: text().primaryKey(),
  value: text()
    .notNull()
    .$default(() => 'a batch'),
})

/** A table of totals. */
export const CREATE_TOTALS =
  'CREATE TABLE IF NOT EXISTS app_total (id text PRIMARY KEY, total bigint NOT NULL)'

/** Delivers into the table, once for each batch. */
export const flushInto = (pool: pg.Pool): ((deltas: Map<string, number>, batch: string) => Promise<void>) =>
  drizzleFlush(drizzle(pool), {
    batches: batchesOf,
    apply: (tx, deltas) => tx.execute(addTotals.sql([[...deltas.keys()], [...deltas.values()]])),
  })

export async function totals(pool: pg.Pool): Promise<Map<string, number>> {
  const { rows } = await pool.query('SELECT id, total::int AS total FROM app_total ORDER BY id')
  return new Map(rows.map(({ id, total }) => [id, total]))
}
