import { isDeepStrictEqual } from 'node:util'

/** What the cache returned while the database held something else before and after. */
export interface StaleRead {
  readonly cached: unknown
  readonly database: unknown
}

/** How often to try again if the database changed meanwhile. */
const LOOKS = 5

/**
 * Compares one query through a cache with the database while others may write. A read is stale only if the database held
 * the same before and after it, and the cache returned something else.
 */
export async function findStaleRead(
  cached: () => PromiseLike<unknown>,
  database: () => PromiseLike<unknown>,
): Promise<StaleRead | undefined> {
  let before = await database()
  for (let look = 0; look < LOOKS; look++) {
    const actual = await cached()
    const after = await database()
    if (isDeepStrictEqual(actual, before) || isDeepStrictEqual(actual, after)) return undefined
    if (isDeepStrictEqual(before, after)) return { cached: actual, database: after }
    before = after
  }
  return undefined
}
