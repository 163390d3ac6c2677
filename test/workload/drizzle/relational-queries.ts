import { asc, eq, sql } from 'drizzle-orm'
import { condition, people, personId, postId, posts, type Shape } from './conditions.ts'
import type { Dialect } from './tables.ts'

const MANY: Readonly<Record<string, Shape>> = {
  'people with posts': (a) =>
    a.db.query.people.findMany({
      where: (person) => condition(a, people(person)),
      with: { posts: { where: (post) => condition(a, posts(post)) } },
    }),
  'one with posts and labels': ({ db, t, random }) =>
    db.query.people.findFirst({
      where: eq(t.people.id, personId(random)),
      with: { posts: { columns: { slug: true }, with: { labels: true } } },
    }),
  'with extras': ({ db, t, random }) =>
    db.query.people.findMany({
      columns: { id: true },
      extras: { loud: sql<string>`upper(${t.people.email})`.as('loud') },
      where: eq(t.people.teamId, random.int(1, 3)),
      with: { staff: { columns: { email: true } } },
    }),
}

/** MariaDB, on which MySQL's dialect is tested, cannot run what Drizzle makes of a relation to one, or of one with a limit. */
const ONE: Readonly<Record<string, Shape>> = {
  'teams with people': ({ db, random }) =>
    db.query.teams.findMany({
      where: (team, { lt }) => lt(team.id, random.int(2, 4)),
      with: { people: { orderBy: (person) => asc(person.id), limit: 2, with: { posts: true } } },
    }),
  'post with author and boss': ({ db, t, random }) =>
    db.query.posts.findFirst({
      where: eq(t.posts.id, postId(random)),
      with: { author: { with: { boss: true, team: true } } },
    }),
  'posts with author': (a) =>
    a.db.query.posts.findMany({
      where: (post) => condition(a, posts(post)),
      with: { author: { columns: { email: true } }, labels: { with: { label: true } } },
    }),
  'person with boss': ({ db, t, random }) =>
    db.query.people.findFirst({ where: eq(t.people.id, personId(random)), with: { boss: true } }),
}

export function relational(dialect: Dialect): Readonly<Record<string, Shape>> {
  return dialect === 'mysql' ? MANY : { ...MANY, ...ONE }
}
