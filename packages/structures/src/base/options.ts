import { CacheError, type Duration, milliseconds, show } from '@larder/core/store'

/** @throws CacheError `LARDER_CONFIG` for an option that `maker` does not have. */
export function checkNames(options: object, names: readonly string[], maker: string): void {
  if (typeof options !== 'object' || options === null)
    throw new CacheError('LARDER_CONFIG', `${maker} got ${show(options)} as its options: give an object`)
  const unknown = Object.keys(options).find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new CacheError('LARDER_CONFIG', `${maker} has no option ${unknown}: there are ${names.join(', ')}`)
}

/**
 * A duration in whole milliseconds.
 * @throws CacheError `LARDER_DURATION` if it is malformed or shorter than `least`.
 */
export function duration(value: Duration, option: string, least = 1): number {
  const duration = Math.round(milliseconds(value, option))
  if (duration < least)
    throw new CacheError(
      'LARDER_DURATION',
      `${option} is ${show(value)}: give at least ${least} ms, as a number or a string such as '30s'`,
    )
  return duration
}

/** @throws CacheError `LARDER_CONFIG` unless it is a whole number between `least` and `most`. */
export function count(value: unknown, option: string, least: number, most: number): number {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most)
    throw new CacheError(
      'LARDER_CONFIG',
      `${option} is ${show(value)}: give a whole number from ${least} to ${most}`,
    )
  return value as number
}

const LONGEST_TEXT = 512

/** @throws CacheError `LARDER_CONFIG` unless it is a text that is not empty and has at most 512 characters. */
export function text(value: unknown, option: string): string {
  if (typeof value !== 'string' || value === '' || value.length > LONGEST_TEXT)
    throw new CacheError(
      'LARDER_CONFIG',
      `${option} is ${typeof value === 'string' ? `a text of ${value.length} characters` : show(value)}: give a text of 1 to ${LONGEST_TEXT} characters`,
    )
  return value
}

/** The text of a name or prefix that becomes part of a hash tag, which braces would end. */
export function keyPart(value: unknown, option: string): string {
  const part = text(value, option)
  if (/[{}]/.test(part))
    throw new CacheError(
      'LARDER_CONFIG',
      `${option} is ${show(part)}: leave out the braces. Larder adds those that keep its keys in one slot`,
    )
  return part
}

/** @throws CacheError `LARDER_CONFIG` unless it is a function. `shape` says which. */
export function callback<F>(value: F, option: string, shape: string): F {
  if (typeof value !== 'function')
    throw new CacheError('LARDER_CONFIG', `${option} is ${show(value)}: give a function ${shape}`)
  return value
}
