import { aliasedTable, and, asc, type Column, desc, eq, gt, type SQL, sql } from 'drizzle-orm'
import {
  type Around,
  condition,
  EMAILS,
  type Places,
  people,
  personId,
  postId,
  posts,
  type Shape,
} from './conditions.ts'
import type { Dialect } from './tables.ts'

/** Sometimes a condition on one of several tables, which need not be the first. */
function anywhere(around: Around, tables: readonly (() => SQL | undefined)[]): SQL | undefined {
  return around.random.chance(0.5) ? undefined : around.random.pick(tables)()
}

/** By a key, and sometimes by more: then a row may not be joined that is there. */
function on(around: Around, key: SQL, table: Places): SQL | undefined {
  return around.random.chance(0.5) ? key : and(key, condition(around, table))
}

/** Sometimes an ordering, and then sometimes a limit, under which the columns decide which rows are shown. */
interface Ordered {
  $dynamic(): Ordered
  orderBy(...by: SQL[]): Ordered
  limit(most: number): Ordered
  offset(first: number): Ordered
}

function some<Q>({ random }: Around, query: Q, columns: readonly Column[], last: readonly Column[]): Q {
  const by = random.chance(0.5) ? asc : desc
  const chosen = random.pick(columns)
  const least = last.map((column) => asc(column))
  if (random.chance(0.4)) return query
  // Rows without a joined one come first or last as the database likes: the cached db and the plain one are the same.
  const ordered = (query as unknown as Ordered).$dynamic().orderBy(by(chosen), ...least)
  if (random.chance(0.2)) return ordered as unknown as Q
  const limited = ordered.limit(random.int(1, 3))
  return (random.chance(0.3) ? limited.offset(random.int(0, 1)) : limited) as unknown as Q
}

/** Joins by a key of the joined table: what the result shows of it is what the entry depends on. */
const JOINS: Readonly<Record<string, Shape>> = {
  'links with all they lead to': (a) => {
    const { db, t } = a
    const query = db
      .select()
      .from(t.postLabels)
      .leftJoin(t.posts, on(a, eq(t.posts.id, t.postLabels.postId), posts(t.posts)))
      .leftJoin(t.people, on(a, eq(t.people.id, t.posts.authorId), people(t.people)))
      .leftJoin(t.teams, eq(t.teams.id, t.people.teamId))
      .where(anywhere(a, [() => condition(a, posts(t.posts)), () => condition(a, people(t.people))]))
    const columns = [t.posts.slug, t.people.points, t.people.email, t.teams.code, t.postLabels.labelId]
    return some(a, query, columns, [t.postLabels.postId, t.postLabels.labelId])
  },
  'posts with authors': (a) => {
    const { db, t } = a
    const query = db
      .select()
      .from(t.posts)
      .leftJoin(t.people, on(a, eq(t.people.id, t.posts.authorId), people(t.people)))
      .where(anywhere(a, [() => condition(a, posts(t.posts)), () => condition(a, people(t.people))]))
    return some(a, query, [t.posts.viewCount, t.people.points], [t.posts.id])
  },
  'people with those above them': (a) => {
    const { db, t, random } = a
    const [boss, top] = [aliasedTable(t.people, 'boss'), aliasedTable(t.people, 'top')]
    const isPerson = random.chance(0.5)
      ? eq(t.people.email, random.pick(EMAILS))
      : eq(t.people.id, personId(random))
    return db
      .select({ top, boss, id: t.people.id, bossId: t.people.bossId, again: t.people.id })
      .from(t.people)
      .leftJoin(boss, on(a, eq(boss.id, t.people.bossId), people(boss)))
      .leftJoin(
        top,
        random.chance(0.5) ? eq(top.id, boss.bossId) : and(eq(top.id, boss.bossId), gt(boss.points, 0)),
      )
      .where(isPerson)
  },
  'a post with its author and their team': (a) => {
    const { db, t, random } = a
    return db
      .select()
      .from(t.posts)
      .leftJoin(t.people, on(a, eq(t.people.id, t.posts.authorId), people(t.people)))
      .leftJoin(t.teams, eq(t.teams.id, t.people.teamId))
      .where(and(eq(t.posts.id, postId(random)), anywhere(a, [() => condition(a, people(t.people))])))
  },
  'a post and the name of its author': ({ db, t, random }) =>
    db
      .select({ who: t.people.email, author: t.posts.authorId })
      .from(t.posts)
      .innerJoin(t.people, eq(t.people.id, t.posts.authorId))
      .where(eq(t.posts.id, postId(random))),
  'people with themselves by e-mail': (a) => {
    const { db, t } = a
    const same = aliasedTable(t.people, 'same')
    const query = db
      .select()
      .from(t.people)
      .leftJoin(same, eq(same.email, t.people.email))
      .where(condition(a, people(t.people)))
    return some(a, query, [t.people.points], [t.people.id])
  },
  'links with themselves by both ids': (a) => {
    const { db, t, random } = a
    const same = aliasedTable(t.postLabels, 'same')
    return db
      .select()
      .from(t.postLabels)
      .leftJoin(same, and(eq(same.postId, t.postLabels.postId), eq(same.labelId, t.postLabels.labelId)))
      .where(eq(t.postLabels.postId, postId(random)))
  },
  'posts with authors in the order of a place': (a) => {
    const { db, t, random } = a
    return db
      .select({ id: t.posts.id, author: t.people.id, points: t.people.points, email: t.people.email })
      .from(t.posts)
      .leftJoin(t.people, eq(t.people.id, t.posts.authorId))
      .orderBy(sql.raw(random.pick(['3', '3 desc', '4'])), t.posts.id)
      .limit(random.int(1, 3))
  },
}

/** Relational queries of which only the result tells whose rows they show. */
const MANY: Readonly<Record<string, Shape>> = {
  'by e-mail with posts and staff': ({ db, t, random }) =>
    db.query.people.findFirst({
      where: eq(t.people.email, random.pick(EMAILS)),
      with: { posts: { with: { labels: true } }, staff: { columns: { id: true, email: true } } },
    }),
  'by e-mail with some posts': (a) =>
    a.db.query.people.findFirst({
      where: eq(a.t.people.email, a.random.pick(EMAILS)),
      with: { posts: { where: (post) => condition(a, posts(post)) } },
    }),
}

/** See {@link relational}: not over MariaDB. */
const ONE: Readonly<Record<string, Shape>> = {
  'a link with all it leads to': ({ db, t, random }) =>
    db.query.postLabels.findMany({
      where: eq(t.postLabels.postId, postId(random)),
      with: { label: true, post: { with: { author: { with: { boss: true, team: true } } } } },
    }),
  'a post with what its author is': ({ db, t, random }) =>
    db.query.posts.findFirst({
      where: eq(t.posts.id, postId(random)),
      columns: random.chance(0.5) ? { slug: true } : { id: true, authorId: true },
      with: { author: { columns: random.chance(0.5) ? { email: true } : { id: true, points: true } } },
    }),
  'by e-mail with those above and below': ({ db, t, random }) =>
    db.query.people.findFirst({
      where: eq(t.people.email, random.pick(EMAILS)),
      with: { boss: { with: { staff: true, team: true } }, staff: { with: { boss: true, posts: true } } },
    }),
  'some posts with authors': ({ db, random }) =>
    db.query.posts.findMany({
      orderBy: (post) => [desc(post.viewCount), asc(post.id)],
      limit: random.int(1, 4),
      with: { author: { with: { team: true } }, labels: { with: { label: true } } },
    }),
}

export function byKey(dialect: Dialect): Readonly<Record<string, Shape>> {
  return dialect === 'mysql' ? { ...JOINS, ...MANY } : { ...JOINS, ...MANY, ...ONE }
}
