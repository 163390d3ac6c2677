import type { LeaderboardRow } from '@larder/structures'

interface ModelRow {
  readonly member: string
  readonly score: number
  readonly at: number
}

/** A leaderboard written down plainly: all rows, looked through for each question. */
export interface ModelBoard {
  add(row: ModelRow): void
  /** The slice of a moment (ms since 1970). */
  slice(at: number): number
  /** All ranks while this slice is open. */
  rows(slice: number): LeaderboardRow[]
}

/** @param length of a slice (ms). @param slices of the window. */
export function modelBoard(length: number, slices: number): ModelBoard {
  const all: ModelRow[] = []
  const slice = (at: number): number => Math.floor(at / length)
  return {
    add: (row) => all.push({ ...row, at: Math.round(row.at * 1_000) / 1_000 }),
    slice,
    rows(current) {
      const best = new Map<string, ModelRow>()
      for (const row of all) {
        if (slice(row.at) < current - slices) continue
        const had = best.get(row.member)
        if (!had || row.score > had.score || (row.score === had.score && row.at < had.at))
          best.set(row.member, row)
      }
      const order = (a: ModelRow, b: ModelRow): number => b.score - a.score || a.at - b.at
      return [...best.values()]
        .sort(order)
        .map(({ member, score }, index) => ({ member, score, rank: index + 1 }))
    },
  }
}
