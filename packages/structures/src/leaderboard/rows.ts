/** A place on a leaderboard. */
export interface LeaderboardRow {
  readonly member: string
  /** The member's best score in the window. */
  readonly score: number
  /** From 1. Equal scores are in the order in which they arrived. */
  readonly rank: number
}

/** A row of a slice: the best score of the member in it. */
export interface ArchivedRow extends LeaderboardRow {
  /** When the score arrived (ms since 1970, with microseconds as its fraction). `restore` needs it. */
  readonly at: number
}

/** A part of the window. */
export interface LeaderboardSlice {
  /** The same whenever the slice is delivered, and no other slice's: its beginning as an ISO date. */
  readonly id: string
  /** First millisecond, since 1970. */
  readonly from: number
  /** First millisecond after it. */
  readonly to: number
}

/** A row for `restore`, such as an {@link ArchivedRow}. */
export interface RestoredRow {
  readonly member: string
  readonly score: number
  /** When the score arrived (ms since 1970). Absent: it counts from now on. */
  readonly at?: number | Date | undefined
}

/** Rows from member, negated score and rank of each. */
export function boardRows(flat: readonly (string | number)[]): LeaderboardRow[] {
  const rows: LeaderboardRow[] = []
  for (let at = 0; at + 2 < flat.length; at += 3)
    rows.push({ member: String(flat[at]), score: 0 - Number(flat[at + 1]), rank: Number(flat[at + 2]) })
  return rows
}

/** Rows from member, score and arrival (µs) of each, in any order. */
export function archivedRows(flat: readonly string[]): ArchivedRow[] {
  const rows: { member: string; score: number; arrival: number }[] = []
  for (let at = 0; at + 2 < flat.length; at += 3)
    rows.push({ member: flat[at] as string, score: Number(flat[at + 1]), arrival: Number(flat[at + 2]) })
  return rows
    .sort((a, b) => b.score - a.score || a.arrival - b.arrival)
    .map(({ member, score, arrival }, index) => ({ member, score, rank: index + 1, at: arrival / 1_000 }))
}

/** The slice of this number. */
export function sliceAt(number: number, length: number): LeaderboardSlice {
  const from = number * length
  return { id: new Date(from).toISOString(), from, to: from + length }
}
