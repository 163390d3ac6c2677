import { CacheError } from './errors.ts'
import { show } from './show.ts'

const UNITS = { b: 1, kb: 1_024, mb: 1_048_576, gb: 1_073_741_824 } as const

/** Bytes as a number, or a number with a unit: `'512b'`, `'16kb'`, `'1mb'`, `'2gb'` (powers of 1,024). */
export type ByteSize = number | `${number}${keyof typeof UNITS}`

/**
 * A {@link ByteSize} in bytes. `option` is the path used in the error.
 * @throws CacheError `LARDER_CONFIG` for anything not a finite number of at least one byte.
 */
export function bytes(value: unknown, option: string): number {
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)(b|kb|mb|gb)$/.exec(value) : null
  const bytes = match ? Number(match[1]) * UNITS[match[2] as keyof typeof UNITS] : value
  if (typeof bytes !== 'number' || !Number.isFinite(bytes) || bytes < 1)
    throw new CacheError(
      'LARDER_CONFIG',
      `${option} is ${show(value)}: give a positive number of bytes or a string such as '16kb' or '1mb'`,
    )
  return Math.floor(bytes)
}
