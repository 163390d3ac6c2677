import { eq, type SQL, sql } from 'drizzle-orm'
import type { Random } from '../../support/random.ts'
import {
  type Around,
  condition,
  EMAILS,
  NICKS,
  people,
  personId,
  postId,
  posts,
  SLUGS,
} from './conditions.ts'
import type { Dialect } from './tables.ts'

/** A write, drawn from the random source it is given. */
export type Write = (around: Around & { readonly dialect: Dialect }) => PromiseLike<unknown>

export const person = (random: Random) => ({
  ...(random.chance(0.7) && { id: personId(random) }),
  email: random.pick(EMAILS),
  ...(random.chance(0.6) && { nickName: random.pick(NICKS) }),
  ...(random.chance(0.4) && { bossId: personId(random) }),
  ...(random.chance(0.6) && { teamId: random.int(1, 4) }),
})
export const post = (random: Random) => ({
  ...(random.chance(0.6) && { id: postId(random) }),
  slug: random.pick(SLUGS),
  authorId: personId(random),
})

/** New values for some columns of people. */
export function personSet({ random, t }: Around): Record<string, unknown> {
  const raise = sql`${t.people.points} + 1`
  return random.pick<() => Record<string, unknown>>([
    () => ({ points: random.int(0, 3) }),
    () => ({ points: raise }),
    () => ({ email: random.pick(EMAILS) }),
    () => ({ nickName: random.chance(0.3) ? null : random.pick(NICKS), points: raise }),
    () => ({ bossId: random.chance(0.3) ? null : personId(random) }),
    () => ({ teamId: random.int(1, 4) }),
    () => ({ teamId: sql`4 - ${t.people.teamId}` }),
    () => ({ id: personId(random) }),
    () => ({ email: sql`replace(${t.people.email}, 'p', 'q')` }),
  ])()
}
export function postSet({ random, t }: Around): Record<string, unknown> {
  return random.pick<() => Record<string, unknown>>([
    () => ({ viewCount: sql`${t.posts.viewCount} + 1` }),
    () => ({ authorId: personId(random) }),
    () => ({ authorId: personId(random), slug: random.pick(SLUGS) }),
    () => ({ slug: random.pick(SLUGS), viewCount: 0 }),
    () => ({ id: postId(random) }),
    () => ({ authorId: sql`${t.posts.authorId} + 1` }),
  ])()
}
export const personWhere = (a: Around): SQL | undefined => {
  const { random, t } = a
  if (random.chance(0.6)) return eq(t.people.id, personId(random))
  return random.chance(0.3) ? eq(t.people.email, random.pick(EMAILS)) : condition(a, people(t.people))
}
export const postWhere = (a: Around): SQL | undefined =>
  a.random.chance(0.6) ? eq(a.t.posts.id, postId(a.random)) : condition(a, posts(a.t.posts))
