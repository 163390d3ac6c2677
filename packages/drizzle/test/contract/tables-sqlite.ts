import { count, sql } from 'drizzle-orm'
import {
  blob,
  customType,
  integer,
  numeric,
  primaryKey,
  sqliteTable,
  sqliteView,
  text,
} from 'drizzle-orm/sqlite-core'
import { MOMENT, type MomentType, next, VECTOR, type VectorType } from './custom-types.ts'

const users = sqliteTable('app_user', {
  id: integer().primaryKey(),
  email: text().notNull().unique(),
  name: text(),
  role: text({ enum: ['admin', 'member'] })
    .notNull()
    .default('member'),
})

const posts = sqliteTable('blog_post', {
  id: integer().primaryKey(),
  title: text().notNull(),
  views: integer('view_count').notNull().default(0),
  authorId: integer('author_id')
    .notNull()
    .references(() => users.id, { onDelete: 'cascade' }),
})

const comments = sqliteTable('blog_comment', {
  id: integer().primaryKey(),
  text: text().notNull(),
  postId: integer('post_id')
    .notNull()
    .references(() => posts.id, { onDelete: 'cascade' }),
})

const memberships = sqliteTable(
  'app_membership',
  {
    userId: integer('user_id')
      .notNull()
      .references(() => users.id),
    groupId: integer('group_id').notNull(),
    level: integer().notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.userId, table.groupId] })],
)

const everything = sqliteTable('every_type', {
  id: integer().primaryKey(),
  big: blob({ mode: 'bigint' }),
  money: numeric(),
  flag: integer({ mode: 'boolean' }),
  moment: integer({ mode: 'timestamp_ms' }),
  json: text({ mode: 'json' }).$type<unknown>(),
  bytes: blob({ mode: 'buffer' }),
})

const generated = sqliteTable('made_row', {
  id: integer().primaryKey().$defaultFn(next),
  title: text().notNull(),
  slug: text().generatedAlwaysAs(sql`lower(title)`, { mode: 'stored' }).unique(),
  stamp: integer().notNull().unique().$onUpdateFn(next),
  vector: customType<VectorType>({ dataType: () => 'text', ...VECTOR })(),
  bytes: customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'blob' })(),
  moment: customType<MomentType>({ dataType: () => 'integer', ...MOMENT })(),
})

const postStats = sqliteView('blog_post_stats').as((qb) =>
  qb
    .select({ authorId: posts.authorId, posts: count(posts.id).as('posts') })
    .from(posts)
    .groupBy(posts.authorId),
)

const hidden = sqliteView('hidden_view', { id: integer() }).as(sql`select id from app_user`)

/** The contract's tables for SQLite, without their relations. */
export const tablesSqlite = { users, posts, comments, memberships, everything, generated, postStats, hidden }
