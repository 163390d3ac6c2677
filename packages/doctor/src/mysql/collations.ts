import { collatedText } from '@larder/core/host'

/** True for a collation that holds two texts for equal only if they are the same, but for spaces at the end. */
export function isBinary(collation: string): boolean {
  return /(?:_bin|^binary)$/i.test(collation)
}

/** True for a collation that the option `collation` takes. */
export function isKnown(collation: string): boolean {
  try {
    collatedText(collation, 'collation')
    return true
  } catch {
    return false
  }
}
