import type { Timed } from './rounds.ts'
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
    duration(median(one.times)),
    spread(one.times),
    ...bases.map((base) => ratio(one, timed, base)),
  ])
  // Two bases make one column more.
  return table(['case', 'median', 'spread', ...bases.map(({ head }) => head)], rows, 40 / (bases.length + 2))
}

/** Round by round: what slowed both down cancels out. */
function ratio(one: Timed, timed: readonly Timed[], base: Base): string {
  const below = timed.find(({ name }) => name === base.name)?.times
  if (!below) throw new Error(`There is no case '${base.name}' to compare with`)
  const value = median(one.times.map((time, round) => time / (below[round] ?? Number.NaN)))
  return value < 0.1 ? value.toFixed(3) : value < 10 ? value.toFixed(2) : value.toFixed(1)
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

function spread(values: readonly number[]): string {
  const half = (quantile(values, 0.75) - quantile(values, 0.25)) / 2
  return `±${Math.round((100 * half) / median(values))}%`
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const place = share * (sorted.length - 1)
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

function duration(ns: number): string {
  const [value, unit] = ns < 1e6 ? [ns / 1e3, 'µs'] : [ns / 1e6, 'ms']
  return `${value < 10 ? value.toFixed(2) : value.toFixed(1)} ${unit}`
}
