import type { Timed } from './rounds.ts'
import { type Column, figure, type Row, ratioFigure, type Sheet } from './sheet.ts'

/** What the others are divided by, and how that column is called. */
export interface Base {
  readonly head: string
  readonly name: string
}

/** Columns and rows of a group of cases that took turns. */
export function compare(timed: readonly Timed[], bases: readonly Base[]): Pick<Sheet, 'columns' | 'rows'> {
  const columns: Column[] = [
    { name: 'median', unit: 'ns' },
    ...bases.map(({ head }): Column => ({ name: head, unit: '×' })),
  ]
  const rows = timed.map(
    ({ name, times }): Row => ({
      name,
      figures: [figure(times), ...bases.map((base) => ratioFigure(times, timesOf(timed, base.name)))],
    }),
  )
  return { columns, rows }
}

/** Of the case called `name`. */
export function timesOf(timed: readonly Timed[], name: string): readonly number[] {
  const found = timed.find((one) => one.name === name)
  if (!found) throw new Error(`There is no case '${name}' to compare with`)
  return found.times
}
