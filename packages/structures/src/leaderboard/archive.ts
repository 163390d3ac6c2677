import { CacheError, show } from '@larder/core/store'
import { callback, text } from '../base/options.ts'
import type { Script } from '../base/script.ts'
import { type ArchivedRow, archivedRows, type LeaderboardSlice, type RestoredRow, sliceAt } from './rows.ts'
import { ARCHIVED, DUE, RESTORE, SLICE } from './scripts.ts'

/** Runs a script of one leaderboard. */
export type RunScript = (script: Script, ...args: (string | number)[]) => Promise<unknown>

/** Rows per call. */
const PAGE = 1_000
const RESTORED_AT_ONCE = 200

/** Writes rows of a closed slice to where they stay. */
export type Archive = (rows: ArchivedRow[], slice: LeaderboardSlice) => Promise<unknown>

/** Delivers closed slices, the oldest first, each until `archive` has resolved. Resolves to their number. */
export async function archiveSlices(run: RunScript, length: number, archive: Archive): Promise<number> {
  callback(archive, 'archive', '(rows, slice) => Promise')
  const due = (await run(DUE)) as string[]
  for (const slice of due) {
    await archive(await rowsOf(run, slice), sliceAt(Number(slice), length))
    await run(ARCHIVED, slice)
  }
  return due.length
}

async function rowsOf(run: RunScript, slice: string): Promise<ArchivedRow[]> {
  const flat: string[] = []
  for (let page: string[] = []; ; ) {
    page = (await run(SLICE, slice, flat.length / 3, PAGE)) as string[]
    for (const each of page) flat.push(each)
    if (page.length < PAGE * 3) return archivedRows(flat)
  }
}

/** Puts rows back, and skips those that have left the window. Resolves to the number of the others. */
export async function restoreRows(
  run: RunScript,
  rows: AsyncIterable<RestoredRow> | Iterable<RestoredRow>,
): Promise<number> {
  let restored = 0
  let waiting: (string | number)[] = []
  const send = async (): Promise<void> => {
    if (waiting.length > 0) restored += Number(await run(RESTORE, ...waiting))
    waiting = []
  }
  for await (const { member, score, at } of rows) {
    waiting.push(text(member, 'member'), scoreText(score), arrivalText(at))
    if (waiting.length >= RESTORED_AT_ONCE * 3) await send()
  }
  await send()
  return restored
}

/** @throws CacheError `LARDER_CONFIG` for a score that cannot be ordered. */
export function scoreText(score: unknown): string {
  if (typeof score !== 'number' || !Number.isFinite(score))
    throw new CacheError('LARDER_CONFIG', `score is ${show(score)}: give a finite number`)
  return String(score)
}

function arrivalText(at: number | Date | undefined): string {
  if (at === undefined) return ''
  const milliseconds = Number(at)
  if (!Number.isFinite(milliseconds))
    throw new CacheError(
      'LARDER_CONFIG',
      `at is ${show(at)}: give milliseconds since 1970 or a Date, or leave it out`,
    )
  return String(Math.max(0, Math.round(milliseconds * 1_000)))
}
