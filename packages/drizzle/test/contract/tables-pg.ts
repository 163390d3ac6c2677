import { count, sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  customType,
  date,
  integer,
  jsonb,
  numeric,
  pgEnum,
  pgMaterializedView,
  pgTable,
  pgView,
  primaryKey,
  serial,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core'

import { Moment, next, VECTOR, type VectorType } from './custom-types.ts'

// Physical names differ from those in the schema, so that tests notice where one is used for the other.
export const role = pgEnum('user_role', ['admin', 'member'])

export const users = pgTable('app_user', {
  id: serial().primaryKey(),
  email: text().notNull().unique(),
  name: text(),
  role: role().notNull().default('member'),
})

export const posts = pgTable('blog_post', {
  id: serial().primaryKey(),
  title: text().notNull(),
  views: integer('view_count').notNull().default(0),
  authorId: integer('author_id')
    .notNull()
    .references(() => users.id, { onDelete: 'cascade' }),
})

export const comments = pgTable('blog_comment', {
  id: serial().primaryKey(),
  text: text().notNull(),
  postId: integer('post_id')
    .notNull()
    .references(() => posts.id, { onDelete: 'cascade' }),
})

export const memberships = pgTable(
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

export const everything = pgTable('every_type', {
  id: serial().primaryKey(),
  big: bigint({ mode: 'bigint' }),
  money: numeric({ precision: 14, scale: 2 }),
  flag: boolean(),
  moment: timestamp({ withTimezone: true, mode: 'date' }),
  momentText: timestamp('moment_text', { mode: 'string' }),
  day: date({ mode: 'date' }),
  key: uuid(),
  json: jsonb().$type<unknown>(),
  numbers: integer().array(),
})

/** Values that are created by Drizzle, the database or the user's code. */
export const generated = pgTable('made_row', {
  id: integer().primaryKey().$defaultFn(next),
  title: text().notNull(),
  slug: text().generatedAlwaysAs(sql`lower(title)`).unique(),
  stamp: integer().notNull().unique().$onUpdateFn(next),
  vector: customType<VectorType>({ dataType: () => 'text', ...VECTOR })(),
  bytes: customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' })(),
  moment: customType<{ data: Moment; driverData: string | Date }>({
    dataType: () => 'timestamptz',
    fromDriver: (value) => new Moment(new Date(value).getTime()),
    toDriver: ({ at }) => new Date(at).toISOString(),
  })(),
})

export const postStats = pgView('blog_post_stats').as((qb) =>
  qb
    .select({ authorId: posts.authorId, posts: count(posts.id).as('posts') })
    .from(posts)
    .groupBy(posts.authorId),
)

export const topPosts = pgMaterializedView('blog_top_post', {
  id: integer(),
  title: text(),
  email: text(),
}).as(
  sql`select ${posts.id}, ${posts.title}, ${users.email} from ${posts} join ${users} on ${posts.authorId} = ${users.id}`,
)

/** A view whose declaration does not contain its sources. */
export const hidden = pgView('hidden_view', { id: integer() }).as(sql`select id from app_user`)
