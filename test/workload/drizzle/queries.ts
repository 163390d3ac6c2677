import {
  aliasedTable,
  and,
  asc,
  count,
  eq,
  exists,
  gt,
  inArray,
  isNotNull,
  lt,
  max,
  type SQL,
  sql,
} from 'drizzle-orm'
import { createRandom, type Random } from '../../support/random.ts'
import { condition, notes, people, personId, posts, type Shape } from './conditions.ts'
import { LOOKUPS } from './lookups.ts'
import { byKey } from './reads-by-key.ts'
import { relational } from './relational-queries.ts'
import type { Db, Dialect, Tables } from './tables.ts'

/** A query that is the same each time it is run. */
export interface Query {
  readonly name: string
  run(db: Db): PromiseLike<unknown>
}

const EVERYWHERE: Readonly<Record<string, Shape>> = {
  people: (a) =>
    a.db
      .select()
      .from(a.t.people)
      .where(condition(a, people(a.t.people))),
  posts: (a) =>
    a.db
      .select()
      .from(a.t.posts)
      .where(condition(a, posts(a.t.posts))),
  notes: (a) =>
    a.db
      .select()
      .from(a.t.notes)
      .where(condition(a, notes(a.t.notes))),
  'some of them, in order': (a) =>
    a.db
      .select()
      .from(a.t.people)
      .where(condition(a, people(a.t.people)))
      .orderBy(asc(a.t.people.points), asc(a.t.people.id))
      .limit(a.random.int(1, 3))
      .offset(a.random.int(0, 1)),
  'different values': (a) =>
    a.db
      .selectDistinct({ points: a.t.people.points, team: a.t.people.teamId })
      .from(a.t.people)
      .where(condition(a, people(a.t.people))),
  groups: ({ db, t, random }) =>
    db
      .select({ author: t.posts.authorId, n: count(), most: max(t.posts.viewCount) })
      .from(t.posts)
      .groupBy(t.posts.authorId)
      .having(gt(count(), random.int(0, 1))),
  aggregate: (a) =>
    a.db
      .select({ n: count(), most: max(a.t.people.points) })
      .from(a.t.people)
      .where(condition(a, people(a.t.people))),
  'count of people': (a) => a.db.$count(a.t.people, condition(a, people(a.t.people))),
  'count beside columns': ({ db, t, random }) =>
    db
      .select({ id: t.people.id, n: db.$count(t.posts, eq(t.posts.authorId, t.people.id)) })
      .from(t.people)
      .where(lt(t.people.id, personId(random))),
  'inner join': (a) => {
    const { db, t } = a
    const on = and(eq(t.posts.authorId, t.people.id), condition(a, posts(t.posts)))
    return db
      .select()
      .from(t.people)
      .innerJoin(t.posts, on)
      .where(condition(a, people(t.people)))
  },
  'left join': (a) => {
    const { db, t } = a
    const on = and(eq(t.posts.authorId, t.people.id), condition(a, posts(t.posts)))
    const where = a.random.chance(0.5) ? condition(a, people(t.people)) : condition(a, posts(t.posts))
    return db.select().from(t.people).leftJoin(t.posts, on).where(where)
  },
  'right join': (a) => {
    const { db, t } = a
    const on = and(eq(t.posts.authorId, t.people.id), condition(a, people(t.people)))
    return db
      .select()
      .from(t.people)
      .rightJoin(t.posts, on)
      .where(condition(a, posts(t.posts)))
  },
  'four tables': (a) => {
    const { db, t } = a
    return db
      .select({ who: t.people.email, what: t.posts.slug, label: t.labels.name })
      .from(t.people)
      .innerJoin(t.posts, eq(t.posts.authorId, t.people.id))
      .leftJoin(t.postLabels, eq(t.postLabels.postId, t.posts.id))
      .leftJoin(t.labels, eq(t.labels.id, t.postLabels.labelId))
      .where(condition(a, people(t.people)))
  },
  'a table with itself': (a) => {
    const boss = aliasedTable(a.t.people, 'boss')
    return a.db
      .select({ id: a.t.people.id, boss: boss.email })
      .from(a.t.people)
      .innerJoin(boss, eq(boss.id, a.t.people.bossId))
      .where(a.random.chance(0.5) ? condition(a, people(boss)) : condition(a, people(a.t.people)))
  },
  'derived table': (a) => {
    const { db, t } = a
    const mine = db
      .select()
      .from(t.posts)
      .where(condition(a, posts(t.posts)))
      .as('mine')
    return db
      .select()
      .from(mine)
      .where(eq(mine.authorId, personId(a.random)))
  },
  'join with a derived table': (a) => {
    const { db, t } = a
    const n = db
      .select({ authorId: t.posts.authorId, n: count().as('n') })
      .from(t.posts)
      .groupBy(t.posts.authorId)
      .as('n')
    return db
      .select()
      .from(t.people)
      .leftJoin(n, eq(n.authorId, t.people.id))
      .where(condition(a, people(t.people)))
  },
  CTE: (a) => {
    const { db, t } = a
    const busy = db.$with('busy').as(
      db
        .select()
        .from(t.posts)
        .where(condition(a, posts(t.posts))),
    )
    const where = inArray(t.people.id, db.select({ id: busy.authorId }).from(busy))
    return db.with(busy).select({ id: t.people.id, points: t.people.points }).from(t.people).where(where)
  },
  'union, except or intersect': (a) => {
    const { db, t, random } = a
    const firstQuery = db
      .select({ id: t.people.id })
      .from(t.people)
      .where(condition(a, people(t.people)))
    const other = db
      .select({ id: t.posts.authorId })
      .from(t.posts)
      .where(condition(a, posts(t.posts)))
    return random.pick([
      () => firstQuery.union(other),
      () => firstQuery.unionAll(other),
      () => firstQuery.except(other),
      () => firstQuery.intersect(other),
    ])()
  },
  'a view': ({ db, t, random }) =>
    random.chance(0.5)
      ? db.select().from(t.authors)
      : db
          .select()
          .from(t.authors)
          .where(eq(t.authors.authorId, personId(random))),
  'a view joined': ({ db, t }) =>
    db
      .select({ id: t.people.id, n: t.authors.posts })
      .from(t.people)
      .leftJoin(t.authors, eq(t.authors.authorId, t.people.id)),
  exists: (a) => {
    const { db, t } = a
    const ownPosts = and(eq(t.posts.authorId, t.people.id), condition(a, posts(t.posts)))
    return db
      .select()
      .from(t.people)
      .where(exists(db.select({ one: sql`1` }).from(t.posts).where(ownPosts)))
  },
  'a query in the selection': (a) => {
    const { db, t, random } = a
    const last = db
      .select({ id: max(t.posts.id) })
      .from(t.posts)
      .where(eq(t.posts.authorId, personId(random)))
    return db
      .select({ id: t.people.id, last: sql<number>`(${last})` })
      .from(t.people)
      .where(isNotNull(t.people.teamId))
  },
  prepared: ({ db, t, random }) =>
    db
      .select()
      .from(t.posts)
      .where(
        and(eq(t.posts.authorId, sql.placeholder('author')), gt(t.posts.viewCount, sql.placeholder('views'))),
      )
      .prepare('by_author')
      .execute({ author: personId(random), views: 1 }),
  'every pair': ({ db, t, random }) => {
    const where: SQL = eq(t.teams.id, random.int(1, 3))
    return db
      .select({ team: t.teams.code, label: t.labels.name })
      .from(t.teams)
      .innerJoin(t.labels, sql`1 = 1`)
      .where(where)
  },
}

const POSTGRES: Readonly<Record<string, Shape>> = {
  'full join': (a) => {
    const { db, t } = a
    return db
      .select()
      .from(t.people)
      .fullJoin(t.posts, eq(t.posts.authorId, t.people.id))
      .where(condition(a, people(t.people)))
  },
  lateral: (a) => {
    const { db, t } = a
    const newest = db
      .select({ slug: t.posts.slug })
      .from(t.posts)
      .where(and(eq(t.posts.authorId, t.people.id), condition(a, posts(t.posts))))
      .orderBy(t.posts.id)
      .limit(1)
      .as('newest')
    return db
      .select()
      .from(t.people)
      .leftJoinLateral(newest, sql`true`)
      .where(condition(a, people(t.people)))
  },
  'one of each': ({ db, t }) =>
    db.selectDistinctOn([t.posts.authorId]).from(t.posts).orderBy(t.posts.authorId, t.posts.id),
}

function shapesOf(dialect: Dialect): Readonly<Record<string, Shape>> {
  const common = { ...EVERYWHERE, ...relational(dialect) }
  return dialect === 'postgres' ? { ...common, ...POSTGRES } : common
}

/** A random query: built anew from its own seed each time it is run, so that it is the same on every db. */
export function randomQuery(random: Random, dialect: Dialect, t: Tables): Query {
  const shapes = random.chance(0.4) ? LOOKUPS : random.chance(0.4) ? byKey(dialect) : shapesOf(dialect)
  const [shape, build] = random.pick(Object.entries(shapes))
  const seed = random.int(0, 0x7fff_ffff)
  return { name: `${shape} #${seed}`, run: (db) => build({ db, t, random: createRandom(seed) }) }
}
