import { randomBytes } from 'node:crypto'

/** Returns the token of one write. It is unique among all writes of all caches of all processes. */
export type NewToken = () => string

/** Makes the tokens of one cache. */
export function createTokens(): NewToken {
  // Random once: drawing it anew for every write would cost as much as the rest of the mark.
  const prefix = randomBytes(12).toString('base64url')
  let count = 0
  return () => `${prefix}${(count++).toString(36)}`
}
