import { relations, sql } from 'drizzle-orm'
import {
  type AnyPgColumn,
  integer,
  pgTable,
  pgView,
  primaryKey,
  serial,
  text,
  unique,
} from 'drizzle-orm/pg-core'

// Names in the database come from `casing: 'snake_case'`.

export const teams = pgTable('team', {
  id: serial().primaryKey(),
  code: text().notNull().unique(),
})

const moving = { onDelete: 'cascade', onUpdate: 'cascade' } as const

export const people = pgTable('person', {
  id: serial().primaryKey(),
  email: text().notNull().unique(),
  // In the database citext: two spellings are one value.
  nickName: text().unique(),
  bossId: integer().references((): AnyPgColumn => people.id, { onDelete: 'set null', onUpdate: 'cascade' }),
  teamId: integer().references(() => teams.id, { onDelete: 'set null', onUpdate: 'cascade' }),
  points: integer().notNull().default(0),
})

export const posts = pgTable(
  'blog_post',
  {
    id: serial().primaryKey(),
    slug: text().notNull(),
    authorId: integer()
      .notNull()
      .references(() => people.id, moving),
    viewCount: integer().notNull().default(0),
  },
  (table) => [unique().on(table.authorId, table.slug)],
)

export const labels = pgTable('label', {
  id: serial().primaryKey(),
  name: text().notNull(),
})

export const postLabels = pgTable(
  'post_label',
  {
    postId: integer()
      .notNull()
      .references(() => posts.id, moving),
    labelId: integer()
      .notNull()
      .references(() => labels.id, moving),
  },
  (table) => [primaryKey({ columns: [table.postId, table.labelId] })],
)

/** No key at all; a policy names one. */
export const notes = pgTable('note', {
  personId: integer(),
  body: text().notNull(),
})

export const authors = pgView('author', {
  authorId: integer('author_id'),
  email: text('email'),
  posts: integer('posts'),
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
