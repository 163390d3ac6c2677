import { eq, sql } from 'drizzle-orm'
import { type StockDb, stock } from '../support/drizzle-stock.ts'
import { DIRTY, type ObservedRow } from './version-checker.ts'

const UNDO = new Error('undo')
export const raised = { version: sql`${stock.version} + 1` }

/** Two rows in one transaction, in the order of their ids so that no two wait for each other. */
export function swap(db: StockDb, a: number, b: number): Promise<readonly ObservedRow[]> {
  return db.transaction(async (tx) => {
    const [first, second] = [Math.min(a, b), Math.max(a, b)]
    const firstRow = await tx.update(stock).set(raised).where(eq(stock.id, first)).returning()
    await tx.select().from(stock)
    const other = await tx.transaction((inner) =>
      inner.update(stock).set(raised).where(eq(stock.id, second)).returning(),
    )
    return [...firstRow, ...other]
  })
}

/** Rolled back: nobody else may ever see it. */
export async function undone(db: StockDb, id: number): Promise<void> {
  const run = db.transaction(async (tx) => {
    await tx
      .update(stock)
      .set({ version: sql`${stock.version} + 1000000`, warehouse: DIRTY })
      .where(eq(stock.id, id))
    // Under the lock of the row: whoever reads now must see what was before.
    await db.select().from(stock).where(eq(stock.id, id))
    await tx.select().from(stock).where(eq(stock.id, id))
    throw UNDO
  })
  await run.catch((error: unknown) => {
    if (error !== UNDO) throw error
  })
}

/** Under the lock of the row, twice: the last of the two is what everybody has to see. */
export function sold(db: StockDb, id: number): Promise<readonly ObservedRow[]> {
  return db.transaction(async (tx) => {
    await tx.select().from(stock).where(eq(stock.id, id)).for('update')
    await tx.update(stock).set(raised).where(eq(stock.id, id)).returning()
    return tx.update(stock).set(raised).where(eq(stock.id, id)).returning()
  })
}

/** Given up by the server: its COMMIT resolves all the same, and nobody else may ever see what it returned. */
export async function aborted(db: StockDb, id: number): Promise<void> {
  await db.transaction(async (tx) => {
    await tx
      .update(stock)
      .set({ version: sql`${stock.version} + 1000000`, warehouse: DIRTY })
      .where(eq(stock.id, id))
      .returning()
    await tx.execute(sql`select nothing_of_this from ${stock}`).catch(() => {})
  })
}
