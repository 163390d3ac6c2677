/** What differs between ORMs: how a batch is found and recorded. */
export interface BatchTable<Tx> {
  /** Runs a function in a transaction, which is rolled back if that rejects. */
  transaction(run: (tx: Tx) => Promise<void>): Promise<unknown>
  /** Whether the batch is recorded. */
  isRecorded(tx: Tx, batch: string): Promise<boolean>
  /** Records it. Rejects if it is recorded already. */
  record(tx: Tx, batch: string): Promise<unknown>
}

/**
 * A `flush` that applies each batch once, however often it is delivered: the batch's id is inserted in the same transaction,
 * under a unique key. Two deliveries at once wait for each other at that key, and the second is rolled back.
 */
export function applyOnce<Tx>(
  table: BatchTable<Tx>,
  apply: (tx: Tx, deltas: Map<string, number>) => Promise<unknown>,
): (deltas: Map<string, number>, batch: string) => Promise<void> {
  return async (deltas, batch) => {
    let recorded = false
    try {
      await table.transaction(async (tx) => {
        recorded = false
        await table.record(tx, batch)
        recorded = true
        await apply(tx, deltas)
      })
    } catch (error) {
      // Each database has its own error for a key that is taken, so the table is asked instead.
      if (recorded || !(await isRecorded(table, batch))) throw error
    }
  }
}

/** Asks in a transaction: a client with a cache then asks the database, whatever policy or scope the table has. */
async function isRecorded<Tx>(table: BatchTable<Tx>, batch: string): Promise<boolean> {
  let isRecorded = false
  await table.transaction(async (tx) => {
    isRecorded = await table.isRecorded(tx, batch)
  })
  return isRecorded
}
