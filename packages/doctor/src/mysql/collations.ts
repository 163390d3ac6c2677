import { collatedText } from '@larder/core/host'

/** True for a collation under which only identical texts are equal, apart from trailing spaces. */
export function isBinary(collation: string): boolean {
  return /(?:_bin|^binary)$/i.test(collation)
}

/** True for a collation that the option `collation` accepts. */
export function isKnown(collation: string): boolean {
  try {
    collatedText(collation, 'collation')
    return true
  } catch {
    return false
  }
}
