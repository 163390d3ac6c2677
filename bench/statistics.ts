/** @param share 0 to 1: 0.5 is the median. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const place = share * (sorted.length - 1)
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** Half the distance between the quartiles, as a share of the median. */
export function spread(values: readonly number[]): string {
  const half = (quantile(values, 0.75) - quantile(values, 0.25)) / 2
  return `±${Math.round((100 * half) / median(values))}%`
}

/** Round by round, with its spread: what slowed both down cancels out. */
export function ratio(times: readonly number[], below: readonly number[]): string {
  const ratios = times.map((time, round) => time / (below[round] ?? Number.NaN))
  const value = median(ratios)
  return `${value < 0.1 ? value.toFixed(3) : value < 10 ? value.toFixed(2) : value.toFixed(1)} ${spread(ratios)}`
}

/** Of so many ns. */
export function duration(ns: number): string {
  const [value, unit] = ns < 1e6 ? [ns / 1e3, 'µs'] : [ns / 1e6, 'ms']
  return `${value < 10 ? value.toFixed(2) : value.toFixed(1)} ${unit}`
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
