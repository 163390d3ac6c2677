import type { Leaderboard, Lock } from '@larder/structures'
import type { Database } from './database.ts'
import { scores, slices } from './schema.ts'

const ROWS_AT_ONCE = 1_000

/** Writes every closed slice to SQL. Does nothing while another process does. @returns how many slices. */
export async function archiveClosed(db: Database, board: Leaderboard, lock: Lock): Promise<number> {
  // Saves work only: a slice is safe to deliver twice.
  const held = await lock.acquire('archive', { ttl: '1m' })
  if (held === null) return 0
  try {
    return await board.archive((rows, { id, from, to }) =>
      db.transaction(async (tx) => {
        const added = await tx
          .insert(slices)
          .values({ id, startsAt: new Date(from), endsAt: new Date(to) })
          .onConflictDoNothing()
          .returning()
        // This process, or another one, died between its COMMIT and the acknowledgement to Valkey.
        if (added.length === 0) return
        for (let at = 0; at < rows.length; at += ROWS_AT_ONCE)
          await tx.insert(scores).values(
            rows.slice(at, at + ROWS_AT_ONCE).map(({ member, score, at: arrivedAt }) => ({
              sliceId: id,
              player: member,
              points: score,
              arrivedAt,
            })),
          )
      }),
    )
  } finally {
    // An error of the archive must not be replaced by one of this. A lock that is not released ends with its ttl.
    await held.release().catch(() => {})
  }
}
