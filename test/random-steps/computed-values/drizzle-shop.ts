import type { Cache } from '@larder/core'
import { cached, drizzleCache } from '@larder/drizzle'
import { asc, count, desc, eq, inArray, sql } from 'drizzle-orm'
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core'
import type pg from 'pg'
import type { Random } from '../../support/random.ts'

// Some tables of prisma/schema.prisma as a Drizzle schema: other names, the same physical tables and keys.
const people = pgTable('app_user', {
  id: serial().primaryKey(),
  mail: text('email').notNull().unique(),
  name: text(),
})
const articles = pgTable('blog_posts', {
  id: serial().primaryKey(),
  title: text().notNull(),
  author: integer('author_id').references(() => people.id, { onDelete: 'cascade', onUpdate: 'cascade' }),
})
const schema = { people, articles }

type Db = NodePgDatabase<typeof schema>

/** A db in the forms that the reads need. */
export interface Shop {
  readonly db: Db
  /** The cache is switched off for its reads. */
  readonly uncached: Db
  /** Its raw reads declare that they read people. */
  readonly declared: Db
}

/** One read whose result is the same whenever the database is. */
export interface ShopRead {
  readonly name: string
  run(shop: Shop): PromiseLike<unknown>
}

/** @param policies whether the reads are cached themselves. */
export function cachedShop(pool: pg.Pool, cache: Cache, policies: boolean): Shop {
  const db = drizzleCache(drizzle(pool, { schema }), {
    cache,
    tables: policies ? { '*': { ttl: '1h' } } : {},
  })
  return { db, uncached: cached(db, false), declared: cached(db, { ttl: '1h', reads: ['app_user'] }) }
}

export function plainShop(pool: pg.Pool): Shop {
  const db = drizzle(pool, { schema })
  return { db, uncached: db, declared: db }
}

const ids = [1, 2, 3, 4] as const
const read = (name: string, run: ShopRead['run']): ShopRead => ({ name, run })

export const shopReads: readonly ShopRead[] = [
  ...ids.map((id) => read(`person ${id}`, ({ db }) => db.select().from(people).where(eq(people.id, id)))),
  ...ids.map((id) =>
    read(`articles of ${id}`, ({ db }) =>
      db.select().from(articles).where(eq(articles.author, id)).orderBy(asc(articles.id)),
    ),
  ),
  ...ids.map((id) =>
    read(`articles of ${id}, counted`, ({ db }) => db.$count(articles, eq(articles.author, id))),
  ),
  read('people by ids', ({ db }) =>
    db
      .select()
      .from(people)
      .where(inArray(people.id, [1, 3]))
      .orderBy(asc(people.id)),
  ),
  read('person by mail', ({ db }) => db.select().from(people).where(eq(people.mail, 'b@x'))),
  read('people and articles', ({ db }) =>
    db
      .select({ mail: people.mail, title: articles.title })
      .from(people)
      .innerJoin(articles, eq(articles.author, people.id))
      .where(eq(people.id, 2))
      .orderBy(asc(articles.id)),
  ),
  read('articles by author', ({ db }) =>
    db
      .select({ author: articles.author, number: count() })
      .from(articles)
      .groupBy(articles.author)
      .orderBy(asc(articles.author)),
  ),
  read('last articles', ({ db }) => db.select().from(articles).orderBy(desc(articles.id)).limit(3)),
  read('article 1, not cached', ({ uncached }) => uncached.select().from(articles).where(eq(articles.id, 1))),
  read('raw, declared', ({ declared }) =>
    declared.execute(sql`SELECT id, name FROM app_user ORDER BY id LIMIT 2`),
  ),
]

/** A random write by Drizzle. One that the database refuses changes nothing. */
export async function shopWrite({ db }: Shop, random: Random): Promise<string> {
  const id = random.int(1, 5)
  const title = `t${random.int(1, 1_000_000)}`
  const writes: Readonly<Record<string, () => PromiseLike<unknown>>> = {
    'update of an article': () => db.update(articles).set({ title }).where(eq(articles.id, id)).returning(),
    'update of an author': () =>
      db
        .update(articles)
        .set({ author: id })
        .where(eq(articles.id, random.int(1, 5))),
    'update of a person': () => db.update(people).set({ name: title }).where(eq(people.id, id)),
    'update of all': () => db.update(people).set({ name: title }),
    'insert of an article': () => db.insert(articles).values({ title, author: id }),
    'deletion of an article': () => db.delete(articles).where(eq(articles.id, id)),
    transaction: () =>
      db.transaction(async (tx) => {
        await tx.update(articles).set({ title }).where(eq(articles.id, id))
        await tx.update(people).set({ name: title }).where(eq(people.id, id))
      }),
    'raw update': () => db.execute(sql`UPDATE app_user SET name = ${title} WHERE id = ${id}`),
  }
  const name = random.pick(Object.keys(writes))
  await Promise.resolve(writes[name]?.()).catch(() => {})
  return `Drizzle: ${name}`
}
