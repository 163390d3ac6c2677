import type { BoardMeasured } from './board-load.ts'
import type { Measured } from './measure.ts'

export interface Outcome {
  /** Which database, which store. */
  readonly servers: string
  readonly without?: Measured
  readonly cached?: Measured
  /** Absent: it was not reached, or there is no Valkey. */
  readonly board?: BoardMeasured
}

type Cell = (measured: Measured) => string

export const perRead: Cell = ({ statements, reads }) => (statements / Math.max(1, reads)).toFixed(2)

const ROWS: readonly (readonly [label: string, cell: Cell])[] = [
  ['reads per second', (m) => count(m.readsPerSecond)],
  ['read time p50', (m) => milliseconds(m.p50)],
  ['read time p95', (m) => milliseconds(m.p95)],
  ['read time p99', (m) => milliseconds(m.p99)],
  ['SQL statements per second', (m) => count(m.statementsPerSecond)],
  ['SQL statements per read', perRead],
  ['queries kept off the database', (m) => percent(m.keptOff)],
  ['pieces oversold', (m) => count(m.oversold)],
  ['stale reads', (m) => count(m.stale)],
  ['failed requests', (m) => count(m.failed)],
]

/** A label and one cell for each run; `–` where a run never began. */
export type Row = readonly [label: string, without: string, cached: string]

export function shopRows({ without, cached }: Outcome): Row[] {
  const cell = (of: Cell, run: Measured | undefined): string => (run ? of(run) : '–')
  return ROWS.map(([label, of]) => [label, cell(of, without), cell(of, cached)])
}

/** The leaderboard has no run without: it is not a cache. */
export function boardRows({ board }: Outcome): (readonly [label: string, value: string])[] {
  if (board === undefined) return []
  return [
    ['scores per second', count(board.writesPerSecond)],
    ['board reads per second', count(board.readsPerSecond)],
    ['score lag p50', milliseconds(board.lagP50)],
    ['score lag p99', milliseconds(board.lagP99)],
    ['score lag, longest', milliseconds(board.lagMax)],
    ['failed requests', count(board.failed)],
  ]
}

const LABEL = 30
const CELL = 13
const HEADS = ['without', 'with cache'] as const

/** Lines for a terminal: side by side, or one below the other where the width is too small. */
export function table(outcome: Outcome, width: number): string[] {
  const wide = width >= LABEL + 2 * CELL
  const lines = wide ? [line('', HEADS), '-'.repeat(LABEL + 2 * CELL)] : []
  for (const [label, ...cells] of shopRows(outcome))
    if (wide) lines.push(line(label, cells))
    else lines.push(label, ...cells.map((cell, at) => `  ${HEADS[at]?.padEnd(11)}${cell}`))
  const board = boardRows(outcome)
  if (board.length > 0) lines.push('', 'the leaderboard')
  for (const [label, value] of board) lines.push(wide ? line(label, ['', value]) : `${label}  ${value}`)
  return lines
}

const line = (label: string, cells: readonly string[]): string =>
  label.padEnd(LABEL) + cells.map((cell) => cell.padStart(CELL)).join('')

const count = (value: number): string => Math.round(value).toLocaleString('en-US')

export const milliseconds = (value: number): string => `${value.toFixed(value < 100 ? 2 : 0)} ms`

/** Rounded down: 100% means all of them. */
export const percent = (share: number): string => `${(Math.floor(share * 1000) / 10).toFixed(1)}%`

/** What must be zero, and is not. */
export function faults({ without, cached, board }: Outcome): string[] {
  const runs = [without, cached].filter((run) => run !== undefined)
  const sum = (of: (run: Measured) => number): number => runs.reduce((total, run) => total + of(run), 0)
  return [
    [sum((run) => run.stale), 'stale reads'],
    [sum((run) => run.oversold), 'pieces oversold'],
    [sum((run) => run.failed) + (board?.failed ?? 0), 'failed requests'],
  ].flatMap(([amount, what]) => (amount === 0 ? [] : [`${amount} ${what}`]))
}
