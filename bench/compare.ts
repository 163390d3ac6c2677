import type { Timed } from './rounds.ts'
import { duration, median, ratio, spread } from './statistics.ts'
import { table } from './table.ts'

/** What the others are divided by, and how that column is called. */
export interface Base {
  readonly head: string
  readonly name: string
}

/** The table of a group of cases that took turns. */
export function compare(timed: readonly Timed[], bases: readonly Base[]): string {
  const rows = timed.map((one) => [
    one.name,
    `${duration(median(one.times))} ${spread(one.times)}`,
    ...bases.map(({ name }) => ratio(one.times, timesOf(timed, name))),
  ])
  // Two bases make one column more.
  return table(
    ['case', 'median', ...bases.map(({ head }) => head)],
    rows,
    Math.floor(40 / (bases.length + 1)),
  )
}

/** Of the case called `name`. */
export function timesOf(timed: readonly Timed[], name: string): readonly number[] {
  const found = timed.find((one) => one.name === name)
  if (!found) throw new Error(`There is no case '${name}' to compare with`)
  return found.times
}
