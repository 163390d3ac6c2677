import { relations, sql } from 'drizzle-orm'
import {
  type AnyMySqlColumn,
  int,
  mysqlTable,
  mysqlView,
  primaryKey,
  unique,
  varchar,
} from 'drizzle-orm/mysql-core'

// Names in the database come from `casing: 'snake_case'`.

export const teams = mysqlTable('team', {
  id: int().autoincrement().primaryKey(),
  code: varchar({ length: 60 }).notNull().unique(),
})

const moving = { onDelete: 'cascade', onUpdate: 'cascade' } as const

export const people = mysqlTable('person', {
  id: int().autoincrement().primaryKey(),
  email: varchar({ length: 60 }).notNull().unique(),
  // As any text of MySQL: spellings that differ in case, accents or spaces at the end are one value.
  nickName: varchar({ length: 60 }).unique(),
  bossId: int().references((): AnyMySqlColumn => people.id, { onDelete: 'set null', onUpdate: 'cascade' }),
  teamId: int().references(() => teams.id, { onDelete: 'set null', onUpdate: 'cascade' }),
  points: int().notNull().default(0),
})

export const posts = mysqlTable(
  'blog_post',
  {
    id: int().autoincrement().primaryKey(),
    slug: varchar({ length: 60 }).notNull(),
    authorId: int()
      .notNull()
      .references(() => people.id, moving),
    viewCount: int().notNull().default(0),
  },
  (table) => [unique().on(table.authorId, table.slug)],
)

export const labels = mysqlTable('label', {
  id: int().autoincrement().primaryKey(),
  name: varchar({ length: 60 }).notNull(),
})

export const postLabels = mysqlTable(
  'post_label',
  {
    postId: int()
      .notNull()
      .references(() => posts.id, moving),
    labelId: int()
      .notNull()
      .references(() => labels.id, moving),
  },
  (table) => [primaryKey({ columns: [table.postId, table.labelId] })],
)

/** No key at all; a policy names one. */
export const notes = mysqlTable('note', {
  personId: int(),
  body: varchar({ length: 60 }).notNull(),
})

export const authors = mysqlView('author', {
  authorId: int('author_id'),
  email: varchar('email', { length: 60 }),
  posts: int('posts'),
}).as(
  sql`select ${posts.authorId}, ${people.email}, count(${posts.id}) as posts from ${posts}
    join ${people} on ${people.id} = ${posts.authorId} group by ${posts.authorId}, ${people.email}`,
)

export const peopleRelations = relations(people, ({ one, many }) => ({
  posts: many(posts),
  boss: one(people, { fields: [people.bossId], references: [people.id], relationName: 'boss' }),
  staff: many(people, { relationName: 'boss' }),
  team: one(teams, { fields: [people.teamId], references: [teams.id] }),
}))
export const teamsRelations = relations(teams, ({ many }) => ({ people: many(people) }))
export const postsRelations = relations(posts, ({ one, many }) => ({
  author: one(people, { fields: [posts.authorId], references: [people.id] }),
  labels: many(postLabels),
}))
export const postLabelsRelations = relations(postLabels, ({ one }) => ({
  post: one(posts, { fields: [postLabels.postId], references: [posts.id] }),
  label: one(labels, { fields: [postLabels.labelId], references: [labels.id] }),
}))
