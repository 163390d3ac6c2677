import { cached } from '@larder/drizzle'
import type { Leaderboard, RestoredRow } from '@larder/structures'
import { eq, gt } from 'drizzle-orm'
import type { Redis } from 'iovalkey'
import type { Database } from './database.ts'
import { scores, slices } from './schema.ts'

export interface Recovery {
  /** Resolves when the board is known to be whole. Rejects if Valkey or the database cannot be reached. */
  whole(): Promise<void>
  /** Looks whether Valkey has lost data, and restores it. Call it often: the next restore begins at the last call. */
  check(): Promise<void>
}

/**
 * The checkpoint is a hash in Valkey: which server process had the whole board, and until when. It is lost with the data. An old
 * snapshot has an old one, and that names another process, since a server loads a snapshot only when it starts.
 *
 * KEYS: the checkpoint. ARGV: the process in which the board is whole; empty: the one that the checkpoint names.
 * Moves the checkpoint to now if this server is that process. Returns its process, and whether the checkpoint moved.
 */
const CHECKPOINT = `
local process = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local whole = ARGV[1]
if whole == '' then whole = redis.call('HGET', KEYS[1], 'process') end
if whole ~= process then return { process, 0 } end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'process', process, 'until', time[1] * 1000)
return { process, 1 }
`

/**
 * Restores from the archive what Valkey has lost: everything, or what an old snapshot or a replica that was behind lacks. It
 * checks at the start and after each reconnect. Several processes may restore at once.
 * @param checkpoint a key of its own.
 * @param window how far back scores count (ms).
 */
export function createRecovery(
  client: Redis,
  board: Leaderboard,
  db: Database,
  { checkpoint, window }: { readonly checkpoint: string; readonly window: number },
): Recovery {
  const moveCheckpoint = async (whole: string) =>
    (await client.eval(CHECKPOINT, 1, checkpoint, whole)) as [server: string, moved: 0 | 1]
  const restoreIfLost = async (): Promise<void> => {
    let [server, moved] = await moveCheckpoint('')
    while (moved === 0) {
      const until = Number(await client.hget(checkpoint, 'until'))
      // A slice that had closed before the checkpoint is in the data with it, and has not changed since.
      await board.restore(archivedAfter(db, Math.max(until, Date.now() - window)))
      // Not moved if the server has been restarted since: then what was restored may be lost again.
      ;[server, moved] = await moveCheckpoint(server)
    }
  }
  let checked: Promise<void> | undefined
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
  return { check, whole: () => checked ?? check() }
}

/** All rows of the slices that ended after that time. From the database itself: they are read once. */
async function* archivedAfter(db: Database, time: number): AsyncGenerator<RestoredRow> {
  const plain = cached(db, false)
  for (const { id } of await plain
    .select()
    .from(slices)
    .where(gt(slices.endsAt, new Date(time))))
    for (const row of await plain.select().from(scores).where(eq(scores.sliceId, id)))
      yield { member: row.player, score: row.points, at: row.arrivedAt }
}
