import { cached } from '@larder/drizzle'
import type { Leaderboard, RestoredRow } from '@larder/structures'
import { eq, gte } from 'drizzle-orm'
import type { Redis } from 'iovalkey'
import type { Database } from './database.ts'
import { scores, slices } from './schema.ts'

export interface Recovery {
  /** Resolves when the board is known to be whole. Rejects if Valkey or the database cannot be reached. */
  whole(): Promise<void>
}

/**
 * Restores the board from its archive if Valkey has lost it. It looks at the start, and again after each reconnect: until then
 * nothing can have been lost. Several processes may restore at once.
 * @param marker a key that goes with the data: where it is missing, so is the board.
 * @param window how far back scores count (ms).
 */
export function createRecovery(
  client: Redis,
  board: Leaderboard,
  db: Database,
  { marker, window }: { readonly marker: string; readonly window: number },
): Recovery {
  let checked: Promise<void> | undefined
  const restoreIfLost = async (): Promise<void> => {
    if ((await client.exists(marker)) === 1) return
    await board.restore(archivedSince(db, Date.now() - window))
    // Only now: another process that finds it must find the whole board.
    await client.set(marker, new Date().toISOString())
  }
  const check = (): Promise<void> => {
    const check = restoreIfLost()
    checked = check
    // Tried again at the next request.
    check.catch(() => {
      if (checked === check) checked = undefined
    })
    return check
  }
  client.on('ready', () => void check().catch(() => {}))
  return { whole: () => checked ?? check() }
}

/** Of each slice that still counts, all rows. From the database itself: they are read once. */
async function* archivedSince(db: Database, since: number): AsyncGenerator<RestoredRow> {
  const plain = cached(db, false)
  for (const { id } of await plain
    .select()
    .from(slices)
    .where(gte(slices.endsAt, new Date(since))))
    for (const row of await plain.select().from(scores).where(eq(scores.sliceId, id)))
      yield { member: row.player, score: row.points, at: row.arrivedAt }
}
