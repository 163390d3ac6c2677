import { relations } from 'drizzle-orm'
import { comments, posts, users } from './tables-pg.ts'

export {
  comments,
  everything,
  generated,
  hidden,
  memberships,
  postStats,
  posts,
  role,
  topPosts,
  users,
} from './tables-pg.ts'

export const usersRelations = relations(users, ({ one, many }) => ({
  posts: many(posts),
  anyPost: one(posts, { fields: [users.id], references: [posts.authorId], relationName: 'any' }),
}))
export const postsRelations = relations(posts, ({ one, many }) => ({
  author: one(users, { fields: [posts.authorId], references: [users.id] }),
  comments: many(comments),
}))
export const commentsRelations = relations(comments, ({ one }) => ({
  post: one(posts, { fields: [comments.postId], references: [posts.id] }),
}))
