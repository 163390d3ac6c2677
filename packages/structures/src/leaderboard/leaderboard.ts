import type { Duration } from '@larder/core/store'
import { checkClient, type StructureClient } from '../base/client.ts'
import { checkNames, count, duration, keyPart, text } from '../base/options.ts'
import type { Script } from '../base/script.ts'
import { type Archive, archiveSlices, type RunScript, restoreRows, scoreText } from './archive.ts'
import { boardRows, type LeaderboardRow, type RestoredRow } from './rows.ts'
import { AROUND, RANK, SUBMIT, TOP } from './scripts.ts'

/** Options of {@link createLeaderboard}. */
export interface LeaderboardOptions {
  /** Identifies the leaderboard. Part of the keys, so no braces. */
  name: string
  /** How long a score counts, at least. It counts one slice longer at most. */
  window: Duration
  /** The most rows that `top` returns, and its default. 1 to 10,000. Default 100. */
  size?: number
  /** Parts of the window. More of them let scores age out more evenly and cost memory. 1 to 1,000. Default 24. */
  slices?: number
  /** How long after the window a slice waits to be archived before it is dropped. `0` if you archive nothing. Default `'7d'`. */
  keep?: Duration
  /** Prefix of the keys. Default `'larder:board'`. */
  prefix?: string
}

/** The best scores of a sliding window. Made by {@link createLeaderboard}. */
export interface Leaderboard {
  /**
   * Records a score. The best one of a member within the window counts; of equal ones the first. Submitting a score twice does
   * no harm. Resolves to the member's row, when Valkey has acknowledged it; every later read shows it.
   * @param score a finite number. Where the lowest wins, submit it negated.
   */
  submit(member: string, score: number): Promise<LeaderboardRow>
  /** The best rows, at most `size`. */
  top(n?: number): Promise<LeaderboardRow[]>
  /** The member's rank, from 1; `null` if it has no score in the window. */
  rank(member: string): Promise<number | null>
  /** The member's row, with `reach` rows before and behind it (0 to 1,000). Empty if the member has no score in the window. */
  around(member: string, reach: number): Promise<LeaderboardRow[]>
  /**
   * Delivers every closed slice that is not archived, the oldest first. A slice is delivered again, with the same id and rows,
   * until `archive` has resolved for it: record the id in the same SQL transaction. Resolves to the number of slices.
   * Rejects as `archive` does.
   */
  archive(archive: Archive): Promise<number>
  /**
   * Puts rows back after Valkey lost them. What was submitted since stays. Rows outside the window are skipped, and restoring
   * twice does no harm. Resolves to the number of rows within the window.
   */
  restore(rows: AsyncIterable<RestoredRow> | Iterable<RestoredRow>): Promise<number>
}

const OPTIONS = ['name', 'window', 'size', 'slices', 'keep', 'prefix']

/** A read first removes rows that left the window. After this many calls it answers, even if some are still there. */
const MOST_CALLS = 40

/**
 * Creates a leaderboard whose system of record is Valkey: a sorted set per slice of the window, and one of the whole window.
 * `submit`, `rank` and `around` take O(log n), `top` O(log n + rows).
 * @param client an iovalkey or ioredis client or Cluster, which stays yours.
 * @throws CacheError `LARDER_CONFIG` or `LARDER_DURATION` that names a wrong option.
 * @example
 * ```ts
 * import { createLeaderboard } from '@larder/structures'
 *
 * const board = createLeaderboard(new Redis(url), { name: 'daily', window: '24h', size: 100 })
 * await board.submit('ada', 1_200)
 * const best = await board.top(10) // [{ member: 'ada', score: 1200, rank: 1 }]
 * ```
 */
export function createLeaderboard(client: StructureClient, options: LeaderboardOptions): Leaderboard {
  checkClient(client, 'createLeaderboard')
  checkNames(options, OPTIONS, 'createLeaderboard')
  const name = keyPart(options.name, 'name')
  const prefix = keyPart(options.prefix ?? 'larder:board', 'prefix')
  const slices = count(options.slices ?? 24, 'slices', 1, 1_000)
  const window = duration(options.window, 'window', slices)
  const size = count(options.size ?? 100, 'size', 1, 10_000)
  const keep = duration(options.keep ?? '7d', 'keep', 0)
  // Rounded up, so that a score never counts shorter than the window.
  const length = Math.ceil(window / slices)
  const windows = Math.ceil(keep / length)

  const key = `{${prefix}:${name}}`
  const run: RunScript = (script, ...args) => script(client, key, length, slices, windows, ...args)
  const read = async (script: Script, ...args: (string | number)[]): Promise<unknown> => {
    for (let call = 1; ; call++) {
      const reply = await run(script, call < MOST_CALLS ? 0 : 1, ...args)
      if (reply !== null) return reply
    }
  }
  const readRows = async (script: Script, ...args: (string | number)[]): Promise<LeaderboardRow[]> =>
    boardRows((await read(script, ...args)) as (string | number)[])

  return {
    async submit(member, score) {
      const reply = await run(SUBMIT, text(member, 'member'), scoreText(score))
      return boardRows(reply as (string | number)[])[0] as LeaderboardRow
    },
    top: async (n = size) => readRows(TOP, count(n, 'top', 1, size)),
    async rank(member) {
      const rank = Number(await read(RANK, text(member, 'member')))
      return rank === 0 ? null : rank
    },
    around: async (member, reach) =>
      readRows(AROUND, text(member, 'member'), count(reach, 'around', 0, 1_000)),
    archive: (archive) => archiveSlices(run, length, archive),
    restore: (rows) => restoreRows(run, rows),
  }
}
