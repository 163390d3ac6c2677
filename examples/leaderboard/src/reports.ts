import { and, count, desc, eq, gte, lt, max } from 'drizzle-orm'
import type { Database } from './database.ts'
import { scores, slices } from './schema.ts'

const DAY = 86_400_000

/** The best players of a day, from the archive: a join and a sort over all of its scores, read from the cache. */
export async function bestOfDay(db: Database, day: Date) {
  const best = max(scores.points)
  return db
    .select({ player: scores.player, best, slices: count() })
    .from(scores)
    .innerJoin(slices, eq(scores.sliceId, slices.id))
    .where(and(gte(slices.startsAt, day), lt(slices.startsAt, new Date(day.getTime() + DAY))))
    .groupBy(scores.player)
    .orderBy(desc(best), scores.player)
    .limit(100)
}
