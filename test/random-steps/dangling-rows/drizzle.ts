import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { createDatabase, postgresUrl } from '@larder/testing'
import { and, asc, eq, gt, isNull, relations, type SQL } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { alias, integer, type PgColumn, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core'
import pg from 'pg'
import type { Random } from '../../support/random.ts'
import type { Step } from './walk.ts'

/** The same tables, whose foreign keys the schema declares or not. The database has none in either case. */
function schemaOf(declared: boolean) {
  const to = (column: ReturnType<typeof integer>, target: () => PgColumn) =>
    declared ? column.references(target, { onDelete: 'cascade' }) : column
  const authors = pgTable(
    'author',
    {
      id: integer().primaryKey(),
      tenant: integer().notNull(),
      no: integer().notNull(),
      name: text().notNull(),
    },
    (t) => [unique().on(t.tenant, t.no)],
  )
  const profiles = pgTable('profile', {
    id: integer().primaryKey(),
    authorId: to(integer().unique(), () => authors.id),
  })
  const posts = pgTable('post', {
    id: integer().primaryKey(),
    title: text().notNull(),
    authorId: to(integer(), () => authors.id),
    tenant: integer(),
    editorNo: integer(),
    parentId: integer(),
  })
  const tags = pgTable('tag', { id: integer().primaryKey(), name: text().notNull() })
  const postTags = pgTable(
    'post_tag',
    { postId: to(integer(), () => posts.id).notNull(), tagId: to(integer(), () => tags.id).notNull() },
    (t) => [primaryKey({ columns: [t.postId, t.tagId] })],
  )
  return {
    ...{ authors, profiles, posts, tags, postTags },
    authorRelations: relations(authors, ({ one, many }) => ({
      profile: one(profiles, { fields: [authors.id], references: [profiles.authorId] }),
      posts: many(posts, { relationName: 'author' }),
    })),
    profileRelations: relations(profiles, ({ one }) => ({
      author: one(authors, { fields: [profiles.authorId], references: [authors.id] }),
    })),
    postRelations: relations(posts, ({ one, many }) => ({
      author: one(authors, { relationName: 'author', fields: [posts.authorId], references: [authors.id] }),
      editor: one(authors, {
        relationName: 'editor',
        fields: [posts.tenant, posts.editorNo],
        references: [authors.tenant, authors.no],
      }),
      parent: one(posts, { relationName: 'tree', fields: [posts.parentId], references: [posts.id] }),
      children: many(posts, { relationName: 'tree' }),
      tags: many(postTags),
    })),
    tagRelations: relations(tags, ({ many }) => ({ posts: many(postTags) })),
    postTagRelations: relations(postTags, ({ one }) => ({
      post: one(posts, { fields: [postTags.postId], references: [posts.id] }),
      tag: one(tags, { fields: [postTags.tagId], references: [tags.id] }),
    })),
  }
}

type Schema = ReturnType<typeof schemaOf>
const drizzleOf = (pool: pg.Pool, schema: Schema) => drizzle(pool, { schema, casing: 'snake_case' })
export type DanglingDb = ReturnType<typeof drizzleOf>

const TABLES = [
  'CREATE TABLE author (id int PRIMARY KEY, tenant int NOT NULL, no int NOT NULL, name text NOT NULL, UNIQUE (tenant, no))',
  'CREATE TABLE profile (id int PRIMARY KEY, author_id int UNIQUE)',
  'CREATE TABLE post (id int PRIMARY KEY, title text NOT NULL, author_id int, tenant int, editor_no int, parent_id int)',
  'CREATE TABLE tag (id int PRIMARY KEY, name text NOT NULL)',
  'CREATE TABLE post_tag (post_id int NOT NULL, tag_id int NOT NULL, PRIMARY KEY (post_id, tag_id))',
]

const ids = [1, 2, 3]
const tagged = { with: { tag: true }, orderBy: (t: { tagId: PgColumn }) => asc(t.tagId) } as const

/** Joins and relational queries of every kind of relation. */
export function readsOf({ authors, profiles, posts, tags, postTags }: Schema): readonly Step<DanglingDb>[] {
  const read = (name: string, run: Step<DanglingDb>['run']): Step<DanglingDb> => ({ name, run })
  const parents = alias(posts, 'parents')
  const editor = (): SQL | undefined => and(eq(authors.tenant, posts.tenant), eq(authors.no, posts.editorNo))
  const each = (id: number): readonly Step<DanglingDb>[] => [
    read(`post ${id} with author`, (db) =>
      db.query.posts.findFirst({ where: eq(posts.id, id), with: { author: true } }),
    ),
    read(`post ${id} with editor, by two columns`, (db) =>
      db.query.posts.findFirst({ where: eq(posts.id, id), with: { editor: true } }),
    ),
    read(`title of post ${id} with author`, (db) =>
      db.query.posts.findFirst({ where: eq(posts.id, id), columns: { title: true }, with: { author: true } }),
    ),
    read(`post ${id} with tags`, (db) =>
      db.query.posts.findFirst({ where: eq(posts.id, id), with: { tags: tagged } }),
    ),
    read(`post ${id} with parent's tags`, (db) =>
      db.query.posts.findFirst({ where: eq(posts.id, id), with: { parent: { with: { tags: tagged } } } }),
    ),
    read(`post ${id} with children's tags`, (db) =>
      db.query.posts.findFirst({
        where: eq(posts.id, id),
        with: { children: { orderBy: (t) => asc(t.id), with: { tags: tagged } } },
      }),
    ),
    read(`author ${id} with profile and posts`, (db) =>
      db.query.authors.findFirst({
        where: eq(authors.id, id),
        with: { profile: true, posts: { orderBy: (t) => asc(t.id) } },
      }),
    ),
    read(`tag ${id} with posts' authors`, (db) =>
      db.query.tags.findFirst({
        where: eq(tags.id, id),
        with: { posts: { orderBy: (t) => asc(t.postId), with: { post: { with: { author: true } } } } },
      }),
    ),
    read(`post ${id} left join author`, (db) =>
      db.select().from(posts).leftJoin(authors, eq(authors.id, posts.authorId)).where(eq(posts.id, id)),
    ),
    read(`post ${id} inner join author`, (db) =>
      db.select().from(posts).innerJoin(authors, eq(authors.id, posts.authorId)).where(eq(posts.id, id)),
    ),
    read(`post ${id} left join editor`, (db) =>
      db.select().from(posts).leftJoin(authors, editor()).where(eq(posts.id, id)),
    ),
    read(`post ${id} left join parent, left join its author`, (db) =>
      db
        .select()
        .from(posts)
        .leftJoin(parents, eq(parents.id, posts.parentId))
        .leftJoin(authors, eq(authors.id, parents.authorId))
        .where(eq(posts.id, id)),
    ),
    read(`post ${id} inner join tags`, (db) =>
      db
        .select({ name: tags.name, id: tags.id })
        .from(posts)
        .innerJoin(postTags, eq(postTags.postId, posts.id))
        .innerJoin(tags, eq(tags.id, postTags.tagId))
        .where(eq(posts.id, id))
        .orderBy(tags.id),
    ),
    read(`join rows of post ${id} left join tags`, (db) =>
      db
        .select()
        .from(postTags)
        .leftJoin(tags, eq(tags.id, postTags.tagId))
        .where(eq(postTags.postId, id))
        .orderBy(postTags.tagId),
    ),
    read(`author ${id} left join profile`, (db) =>
      db
        .select()
        .from(authors)
        .leftJoin(profiles, eq(profiles.authorId, authors.id))
        .where(eq(authors.id, id)),
    ),
  ]
  return [
    ...ids.flatMap(each),
    read('posts left join authors', (db) =>
      db.select().from(posts).leftJoin(authors, eq(authors.id, posts.authorId)).orderBy(posts.id),
    ),
    read('posts without an author', (db) =>
      db
        .select({ id: posts.id })
        .from(posts)
        .leftJoin(authors, eq(authors.id, posts.authorId))
        .where(isNull(authors.id))
        .orderBy(posts.id),
    ),
    read('posts inner join authors', (db) =>
      db.select().from(posts).innerJoin(authors, eq(authors.id, posts.authorId)).orderBy(posts.id),
    ),
    read('join rows left join tags', (db) =>
      db
        .select()
        .from(postTags)
        .leftJoin(tags, eq(tags.id, postTags.tagId))
        .orderBy(postTags.postId, postTags.tagId),
    ),
    read('posts with author, editor and tags', (db) =>
      db.query.posts.findMany({
        orderBy: (t) => asc(t.id),
        with: { author: true, editor: true, tags: tagged },
      }),
    ),
    read('join rows with both ends', (db) =>
      db.query.postTags.findMany({
        orderBy: (t) => [asc(t.postId), asc(t.tagId)],
        with: { post: true, tag: true },
      }),
    ),
    read('profiles with author', (db) =>
      db.query.profiles.findMany({ orderBy: (t) => asc(t.id), with: { author: true } }),
    ),
  ]
}

/** Random writes that leave rows dangling, or bring the row that others wait for. */
export function drawOf({ authors, profiles, posts, tags, postTags }: Schema) {
  return (random: Random): Step<DanglingDb> => {
    const id = random.int(1, 3)
    const [other, third] = [random.int(1, 3), random.int(1, 3)]
    const maybe = (): number | null => (random.chance(0.25) ? null : random.int(1, 3))
    const name = random.pick(['a', 'b'])
    const [authorId, parentId, editorNo] = [maybe(), maybe(), maybe()]
    const tenant = random.chance(0.7) ? 1 : null
    const steps: Readonly<Record<string, Step<DanglingDb>['run']>> = {
      'insert author': (db) => db.insert(authors).values({ id, tenant: 1, no: other, name }),
      'insert profile': (db) => db.insert(profiles).values({ id, authorId }),
      'insert post': (db) =>
        db
          .insert(posts)
          .values({ id, title: name, authorId, parentId, tenant, editorNo })
          .onConflictDoNothing(),
      'insert tag': (db) => db.insert(tags).values([{ id, name }]).onConflictDoNothing(),
      'insert tags': (db) =>
        db
          .insert(tags)
          .values([1, 2, 3].map((tagId) => ({ id: tagId, name })))
          .onConflictDoNothing(),
      'insert join row': (db) => db.insert(postTags).values({ postId: id, tagId: other }),
      'delete author': (db) => db.delete(authors).where(eq(authors.id, id)),
      'delete profile': (db) => db.delete(profiles).where(eq(profiles.id, id)),
      'delete post': (db) => db.delete(posts).where(eq(posts.id, id)).returning(),
      'delete tag': (db) => db.delete(tags).where(eq(tags.id, id)),
      'delete tags': (db) => db.delete(tags).where(gt(tags.id, id)),
      'delete join rows': (db) => db.delete(postTags).where(eq(postTags.postId, id)),
      'update author': (db) => db.update(authors).set({ name, no: other }).where(eq(authors.id, id)),
      'move author': (db) => db.update(authors).set({ id: third }).where(eq(authors.id, id)),
      'move tag': (db) => db.update(tags).set({ id: other, name }).where(eq(tags.id, id)).returning(),
      'update post': (db) => db.update(posts).set({ authorId, parentId, editorNo }).where(eq(posts.id, id)),
      'upsert tag': (db) =>
        db.insert(tags).values({ id, name }).onConflictDoUpdate({ target: tags.id, set: { name } }),
    }
    const chosen = random.pick(Object.keys(steps))
    return {
      name: `${chosen} ${id} ${other} ${third}`,
      run: (db) => steps[chosen]?.(db) ?? Promise.resolve(),
    }
  }
}

export interface DanglingDrizzle {
  readonly schema: Schema
  readonly plain: DanglingDb
  readonly cached: DanglingDb
  readonly cache: ReturnType<typeof createCache>
  stop(): Promise<void>
}

/** @param declared the schema declares foreign keys that the database lacks. */
export async function startDrizzle(declared: boolean): Promise<DanglingDrizzle> {
  const database = await createDatabase(await postgresUrl())
  const pools = [0, 1].map(() => new pg.Pool({ connectionString: database.url, max: 4 }))
  const [first, second] = pools as [pg.Pool, pg.Pool]
  for (const pool of pools) pool.on('error', () => {})
  for (const sql of TABLES) await first.query(sql)
  const schema = schemaOf(declared)
  const cache = createCache()
  // Keys named by hand tie reads to rows as those of foreign keys do.
  const lookupKeys = { posts: [['authorId'], ['parentId']], postTags: [['postId'], ['tagId']] } as const
  const policies = Object.fromEntries(
    Object.entries(lookupKeys).map(([table, keys]) => [
      table,
      { ttl: '1h', lookupKeys: declared ? [] : keys },
    ]),
  )
  return {
    schema,
    plain: drizzleOf(first, schema),
    cached: drizzleCache(drizzleOf(second, schema), {
      cache,
      tables: { '*': { ttl: '1h' }, ...policies } as Record<'*', { ttl: '1h' }>,
    }),
    cache,
    async stop() {
      await cache.close()
      await Promise.all(pools.map((pool) => pool.end()))
      await database.drop()
    },
  }
}
