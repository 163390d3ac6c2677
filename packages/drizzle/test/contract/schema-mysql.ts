import { relations } from 'drizzle-orm'
import type { ContractSchema } from './driver.ts'
import { tablesMysql } from './tables-mysql.ts'

const { users, posts, comments } = tablesMysql

/** The contract's tables for MySQL and MariaDB, cast to the types of PostgreSQL's. */
export const schemaMysql: ContractSchema = {
  ...tablesMysql,
  usersRelations: relations(users, ({ one, many }) => ({
    posts: many(posts),
    anyPost: one(posts, { fields: [users.id], references: [posts.authorId], relationName: 'any' }),
  })),
  postsRelations: relations(posts, ({ one, many }) => ({
    author: one(users, { fields: [posts.authorId], references: [users.id] }),
    comments: many(comments),
  })),
  commentsRelations: relations(comments, ({ one }) => ({
    post: one(posts, { fields: [comments.postId], references: [posts.id] }),
  })),
} as unknown as ContractSchema
