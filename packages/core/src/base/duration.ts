import { CacheError } from './errors.ts'
import { show } from './show.ts'

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Stores count in whole milliseconds of 64 bits, and tags outlive entries by a factor of two. */
const LONGEST = Number.MAX_SAFE_INTEGER

/** Milliseconds as a number, or a number with a unit: `'250ms'`, `'30s'`, `'10m'`, `'2h'`, `'7d'`. */
export type Duration = number | `${number}${keyof typeof UNITS}`

/**
 * A {@link Duration} in milliseconds. `option` is the path used in the error, such as `models.Product.ttl`.
 * @throws CacheError `LARDER_DURATION` for anything negative, infinite or malformed.
 */
export function milliseconds(value: unknown, option: string): number {
  const duration = typeof value === 'number' ? value : parse(value)
  if (!(duration >= 0 && duration <= LONGEST))
    throw new CacheError(
      'LARDER_DURATION',
      `${option} is ${show(value)}: give a finite number of milliseconds or a string such as '250ms', '30s', '10m', '2h' or '7d'`,
    )
  return duration
}

function parse(value: unknown): number {
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(value) : null
  return match ? Number(match[1]) * UNITS[match[2] as keyof typeof UNITS] : Number.NaN
}
