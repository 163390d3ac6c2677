import { median, ratiosOf, spreadOf } from './statistics.ts'
import { table } from './table.ts'
import { format, type Unit } from './units.ts'

/** One measured value. */
export interface Figure {
  /** In the unit of its column. */
  readonly value: number
  /** Half the distance between the quartiles of the rounds, as a share of the median. Absent: measured once. */
  readonly spread?: number
}

export interface Column {
  readonly name: string
  readonly unit: Unit
}

export interface Row {
  readonly name: string
  /** One for each column. `null`: does not apply. */
  readonly figures: readonly (Figure | null)[]
}

/** A table of figures: what is printed, written as JSON and drawn. */
export interface Sheet {
  /** Unique in its group, and stable: targets and charts refer to it. */
  readonly id: string
  readonly title: string
  /** How it was measured, and what it does not show. */
  readonly note?: string
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
}

/** As plain text. */
export function printed({ title, note, columns, rows }: Sheet): string {
  const cells = rows.map(({ name, figures }) => [
    name,
    ...figures.map((figure, index) => (figure ? cell(figure, columns[index]?.unit) : '–')),
  ])
  const heads = ['case', ...columns.map((column) => column.name)]
  return `\n${title}\n${note ? `${note}\n` : ''}\n${table(heads, cells)}`
}

export function cell({ value, spread }: Figure, unit: Unit = 'count'): string {
  const text = format(value, unit)
  return spread === undefined ? text : `${text} ±${Math.round(spread * 100)}%`
}

/** Median of the rounds, with its spread. */
export function figure(values: readonly number[]): Figure {
  return { value: median(values), spread: spreadOf(values) }
}

/** Round by round: what slowed both down cancels out. */
export function ratioFigure(values: readonly number[], below: readonly number[]): Figure {
  return figure(ratiosOf(values, below))
}
