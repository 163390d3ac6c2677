import {
  and,
  between,
  type Column,
  eq,
  exists,
  gt,
  inArray,
  isNull,
  like,
  lte,
  ne,
  not,
  notInArray,
  or,
  type SQL,
  sql,
} from 'drizzle-orm'
import type { Random } from '../../support/random.ts'
import type { Db, Tables } from './tables.ts'

/** Some text keys, of which a database that is not strict holds several for one. */
export const EMAILS = ['p1@x', 'P1@x', 'p2@x', 'p2@x ', 'p3@x', 'é@x', 'e@x', 'p4@x', 'new@x'] as const
export const NICKS = ['n1', 'N1', 'n2', 'n2 ', 'n3', 'straße', 'STRASSE', 'ñ', 'n'] as const
export const SLUGS = ['s1', 's2', 's3', 'S1'] as const
export const CODES = ['t1', 't2', 't3', 'T1', 't4'] as const

export const personId = (random: Random): number => random.int(1, 9)
export const postId = (random: Random): number => random.int(1, 12)

/** What conditions are made of: a column, and values it may be compared with. */
type Place = readonly [Column, (random: Random) => string | number]
export type Places = readonly Place[]

const column = (table: object, name: string): Column => (table as Record<string, Column>)[name] as Column

export const people = (t: object): Places => [
  [column(t, 'id'), personId],
  [column(t, 'id'), personId],
  [column(t, 'email'), (random) => random.pick(EMAILS)],
  [column(t, 'nickName'), (random) => random.pick(NICKS)],
  [column(t, 'bossId'), personId],
  [column(t, 'teamId'), (random) => random.int(1, 4)],
  [column(t, 'points'), (random) => random.int(0, 3)],
]
export const posts = (t: object): Places => [
  [column(t, 'id'), postId],
  [column(t, 'authorId'), personId],
  [column(t, 'authorId'), personId],
  [column(t, 'slug'), (random) => random.pick(SLUGS)],
  [column(t, 'viewCount'), (random) => random.int(0, 9)],
]
export const notes = (t: object): Places => [[column(t, 'personId'), personId]]

/** What a condition may reach besides its own table. */
export interface Around {
  readonly random: Random
  readonly db: Db
  readonly t: Tables
}

/** Builds one random query. */
export type Shape = (around: Around) => PromiseLike<unknown>

/** A random condition on one table; undefined, now and then: none at all. */
export function condition(around: Around, places: Places, depth = 0): SQL | undefined {
  const { random } = around
  const roll = random.next()
  if (roll < 0.05 && depth === 0) return undefined
  const some = () =>
    Array.from({ length: random.int(2, 3) }, () => condition(around, places, depth + 1) ?? sql`1 = 1`)
  if (depth < 2 && roll < 0.25) return and(...some())
  if (depth < 2 && roll < 0.33) return or(...some())
  if (depth < 2 && roll < 0.37) return not(condition(around, places, depth + 1) ?? sql`1 = 0`)
  return roll < 0.85 || depth > 0 ? plain(random, places) : nested(around, places)
}

function plain(random: Random, places: Places): SQL {
  const [place, values] = random.pick(places)
  const value = values(random)
  const [other, others] = random.pick(places)
  return random.pick<() => SQL>([
    () => eq(place, value),
    () => eq(place, value),
    () => eq(place, value),
    () => eq(place, value),
    () => inArray(place, [value, values(random)]),
    () => inArray(place, [value, values(random), values(random)]),
    () => notInArray(place, [value]),
    () => ne(place, value),
    () => gt(place, value),
    () => between(place, value, values(random)),
    () => isNull(place),
    () => like(sql`cast(${place} as char(20))`, `%${value}%`),
    () => sql`${place} = ${value}`,
    () => sql`(${place} = ${value})`,
    // NOTE: without parentheses, which takes its neighbours in and() along.
    () => sql`${place} = ${value} or ${other} = ${others(random)}`,
    () => sql`${place} in (${value}, ${values(random)})`,
    () => eq(place, sql`${value}`),
    () => eq(sql`${place}`, value),
    () => sql`coalesce(${place}, ${value}) = ${value}`,
  ])()
}

/** Conditions with a query in them. */
function nested({ random, db, t }: Around, places: Places): SQL {
  const [place] = random.pick(places.slice(0, 1))
  const authors = () => {
    const where = condition({ random, db, t }, posts(t.posts), 1)
    return db.select({ id: t.posts.authorId }).from(t.posts).where(where)
  }
  return random.pick<() => SQL>([
    () => inArray(place, authors()),
    () => notInArray(place, authors()),
    () => lte(place, sql`(select count(*) + 3 from ${t.labels})`),
    () => exists(authors()),
    () =>
      eq(
        place,
        db
          .select({ id: t.teams.id })
          .from(t.teams)
          .where(eq(t.teams.code, random.pick(CODES)))
          .limit(1),
      ),
  ])()
}
