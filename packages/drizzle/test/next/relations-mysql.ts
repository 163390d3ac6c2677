import { defineRelations } from 'drizzle-orm'
import { tablesMysql } from '../contract/tables-mysql.ts'

const { users, posts, comments, everything } = tablesMysql

export const relationsMysql = defineRelations({ users, posts, comments, everything }, (r) => ({
  users: {
    posts: r.many.posts({ from: r.users.id, to: r.posts.authorId }),
    anyPost: r.one.posts({ from: r.users.id, to: r.posts.authorId }),
  },
  posts: {
    author: r.one.users({ from: r.posts.authorId, to: r.users.id }),
    comments: r.many.comments({ from: r.posts.id, to: r.comments.postId }),
  },
  comments: { post: r.one.posts({ from: r.comments.postId, to: r.posts.id }) },
}))
