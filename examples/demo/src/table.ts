import type { Measured } from './measure.ts'

type Row = readonly [label: string, value: (measured: Measured) => string]

const ROWS: readonly Row[] = [
  ['reads', (m) => count(m.reads)],
  ['writes', (m) => count(m.writes)],
  ['seconds', (m) => (m.elapsed / 1000).toFixed(1)],
  ['reads per second', (m) => count(m.readsPerSecond)],
  ['read time p50', (m) => milliseconds(m.p50)],
  ['read time p95', (m) => milliseconds(m.p95)],
  ['read time p99', (m) => milliseconds(m.p99)],
  ['SQL statements per second', (m) => count(m.statementsPerSecond)],
  ['SQL statements in all', (m) => count(m.statements)],
  ['reads kept off the database', (m) => percent(m.keptOff)],
  ['stale reads found', (m) => count(m.stale)],
]

const HEADS = ['without', 'with cache'] as const
const LABEL = 29
const CELL = 13

/** Both runs side by side, or one below the other where the width is too small. A run that never began is a dash. */
export function table(without: Measured | undefined, cached: Measured | undefined, width: number): string[] {
  const runs = [without, cached]
  const cells = (row: Row): string[] => runs.map((run) => (run && run.operations > 0 ? row[1](run) : '–'))
  if (width < LABEL + 2 * CELL) {
    return ROWS.flatMap((row) => [
      row[0],
      ...cells(row).map((cell, index) => `  ${HEADS[index]?.padEnd(11)}${cell}`),
    ])
  }
  const line = (label: string, values: readonly string[]): string =>
    label.padEnd(LABEL) + values.map((value) => value.padStart(CELL)).join('')
  return [line('', HEADS), '-'.repeat(LABEL + 2 * CELL), ...ROWS.map((row) => line(row[0], cells(row)))]
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function milliseconds(value: number): string {
  return `${value.toFixed(2)} ms`
}

/** Rounded down: 100% means all of them. */
function percent(share: number): string {
  return `${(Math.floor(share * 1000) / 10).toFixed(1)}%`
}
