import { eq } from 'drizzle-orm'
import { expect, it } from 'vitest'
import type { Rules } from './driver.ts'

export const warmRules: Rules = (the) => {
  it('cache.warm runs queries of every form, so that the next reads hit', async () => {
    const { db, cache, t, relational, sourceOf } = the()
    const reads = [
      () => db.select().from(t.posts).where(eq(t.posts.id, 1)),
      () => relational.userWithPosts(db, t),
      () => db.$count(t.posts),
    ]
    const counts = await cache.warm([
      ...reads,
      () => {
        throw new Error('not this one')
      },
    ])
    expect(counts).toMatchObject({ total: 4, loaded: 3, failed: 1 })
    for (const read of reads) expect(await sourceOf(read)).toBe('memory')
    expect(await cache.warm(reads)).toMatchObject({ total: 3, hits: 3 })
  })
}
