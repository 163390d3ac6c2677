/** What a figure counts. `×` is a ratio without a dimension, `share` is 0 to 1. */
export type Unit = 'ns' | 'ms' | '×' | '/s' | 'bytes' | 'share' | 'count'

const formats: Readonly<Record<Unit, (value: number) => string>> = {
  ns: duration,
  ms: (value) => duration(value * 1e6),
  '×': (value) => (value < 0.1 ? value.toFixed(3) : value < 10 ? value.toFixed(2) : value.toFixed(1)),
  '/s': whole,
  bytes: (value) => `${whole(value)} B`,
  share: (value) => `${(100 * value).toFixed(value > 0.99 && value < 1 ? 2 : 1)} %`,
  count: (value) =>
    Number.isInteger(value) || value >= 100 ? whole(value) : value.toFixed(value < 1 ? 3 : 1),
}

export function format(value: number, unit: Unit): string {
  return Number.isFinite(value) ? formats[unit](value) : '?'
}

function duration(ns: number): string {
  const [value, unit] = ns < 1e6 ? [ns / 1e3, 'µs'] : [ns / 1e6, 'ms']
  return `${value < 10 ? value.toFixed(2) : value.toFixed(1)} ${unit}`
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
