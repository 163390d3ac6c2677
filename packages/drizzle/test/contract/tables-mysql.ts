import { count, sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  customType,
  datetime,
  decimal,
  int,
  json,
  mysqlEnum,
  mysqlTable,
  mysqlView,
  primaryKey,
  varbinary,
  varchar,
} from 'drizzle-orm/mysql-core'
import { MOMENT, type MomentType, next, VECTOR, type VectorType } from './custom-types.ts'

const users = mysqlTable('app_user', {
  id: int().primaryKey().autoincrement(),
  email: varchar({ length: 100 }).notNull().unique(),
  name: varchar({ length: 100 }),
  role: mysqlEnum(['admin', 'member']).notNull().default('member'),
})

const posts = mysqlTable('blog_post', {
  id: int().primaryKey().autoincrement(),
  title: varchar({ length: 100 }).notNull(),
  views: int('view_count').notNull().default(0),
  authorId: int('author_id')
    .notNull()
    .references(() => users.id, { onDelete: 'cascade' }),
})

const comments = mysqlTable('blog_comment', {
  id: int().primaryKey().autoincrement(),
  text: varchar({ length: 100 }).notNull(),
  postId: int('post_id')
    .notNull()
    .references(() => posts.id, { onDelete: 'cascade' }),
})

const memberships = mysqlTable(
  'app_membership',
  {
    userId: int('user_id')
      .notNull()
      .references(() => users.id),
    groupId: int('group_id').notNull(),
    level: int().notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.userId, table.groupId] })],
)

const everything = mysqlTable('every_type', {
  id: int().primaryKey().autoincrement(),
  big: bigint({ mode: 'bigint' }),
  money: decimal({ precision: 14, scale: 2 }),
  flag: boolean(),
  moment: datetime({ mode: 'date', fsp: 3 }),
  json: json().$type<unknown>(),
  bytes: varbinary({ length: 20 }),
})

const generated = mysqlTable('made_row', {
  id: int().primaryKey().$defaultFn(next),
  title: varchar({ length: 100 }).notNull(),
  slug: varchar({ length: 100 }).generatedAlwaysAs(sql`lower(title)`, { mode: 'stored' }).unique(),
  stamp: int().notNull().unique().$onUpdateFn(next),
  vector: customType<VectorType>({ dataType: () => 'varchar(100)', ...VECTOR })(),
  bytes: customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'varbinary(20)' })(),
  moment: customType<MomentType>({ dataType: () => 'bigint', ...MOMENT })(),
})

const postStats = mysqlView('blog_post_stats').as((qb) =>
  qb
    .select({ authorId: posts.authorId, posts: count(posts.id).as('posts') })
    .from(posts)
    .groupBy(posts.authorId),
)

const hidden = mysqlView('hidden_view', { id: int() }).as(sql`select id from app_user`)

/** The contract's tables for MySQL and MariaDB, without their relations. */
export const tablesMysql = { users, posts, comments, memberships, everything, generated, postStats, hidden }
