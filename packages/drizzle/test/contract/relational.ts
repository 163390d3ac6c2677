import { eq } from 'drizzle-orm'
import type { RelationalReads } from './driver.ts'

/** The syntax of drizzle-orm 0.45. */
export const relational: RelationalReads = {
  usersWithPostsAndComments: (db) =>
    db.query.users.findMany({
      with: { posts: { with: { comments: true } } },
      orderBy: (u, o) => o.asc(u.id),
    }),
  userWithPosts: (db) => db.query.users.findFirst({ where: (u, o) => o.eq(u.id, 1), with: { posts: true } }),
  userWithPostsAndComments: (db, t) =>
    db.query.users.findFirst({ where: eq(t.users.id, 1), with: { posts: { with: { comments: true } } } }),
  postWithAuthor: (db, t) => db.query.posts.findFirst({ where: eq(t.posts.id, 1), with: { author: true } }),
  viewsOfPostWithAuthor: (db) =>
    db.query.posts.findFirst({
      where: (p, o) => o.eq(p.id, 1),
      columns: { views: true },
      with: { author: true },
    }),
  userByEmailWithPosts: (db, t) =>
    db.query.users.findFirst({ where: eq(t.users.email, 'u1@x'), with: { posts: true } }),
  commentWithPostAndAuthor: (db, t) =>
    db.query.comments.findFirst({ where: eq(t.comments.id, 1), with: { post: { with: { author: true } } } }),
  postTitledWithAuthorsName: (db, t) =>
    db.query.posts.findMany({
      where: eq(t.posts.title, 'p1'),
      columns: { title: true },
      with: { author: { columns: { name: true } } },
    }),
  userWithAnyPost: (db, t) =>
    db.query.users.findFirst({ where: eq(t.users.email, 'u3@x'), with: { anyPost: true } }),
  everythingById: (db, t) => db.query.everything.findMany({ where: eq(t.everything.id, 1) }),
  postById: (db, t) => db.query.posts.findFirst({ where: eq(t.posts.id, 1) }),
}
