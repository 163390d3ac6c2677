import { isDeepStrictEqual } from 'node:util'

/** What a cache showed, where the database held something else before and after. */
export interface StaleRead {
  readonly cached: unknown
  readonly database: unknown
}

/** How often is looked again where the database changed meanwhile. */
const LOOKS = 5

/**
 * Looks at one query through a cache while others may write: nothing is difference unless the database held the same before and
 * after, and the cache showed something else.
 */
export async function findStaleRead(
  cached: () => PromiseLike<unknown>,
  database: () => PromiseLike<unknown>,
): Promise<StaleRead | undefined> {
  let before = await database()
  for (let look = 0; look < LOOKS; look++) {
    const seen = await cached()
    const after = await database()
    if (isDeepStrictEqual(seen, before) || isDeepStrictEqual(seen, after)) return undefined
    if (isDeepStrictEqual(before, after)) return { cached: seen, database: after }
    before = after
  }
  return undefined
}
