import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import type { ContractDb, RelationalReads } from '../contract/driver.ts'

import type { relationsPg } from './relations-pg.ts'

/** The type of the contract's dbs is that of 0.45. */
const next = (db: ContractDb) => (db as unknown as NodePgDatabase<typeof relationsPg>).query

/** The syntax of drizzle-orm 1.0. */
export const relational: RelationalReads = {
  usersWithPostsAndComments: (db) =>
    next(db).users.findMany({ with: { posts: { with: { comments: true } } }, orderBy: { id: 'asc' } }),
  userWithPosts: (db) => next(db).users.findFirst({ where: { id: 1 }, with: { posts: true } }),
  userWithPostsAndComments: (db) =>
    next(db).users.findFirst({ where: { id: 1 }, with: { posts: { with: { comments: true } } } }),
  postWithAuthor: (db) => next(db).posts.findFirst({ where: { id: 1 }, with: { author: true } }),
  viewsOfPostWithAuthor: (db) =>
    next(db).posts.findFirst({ where: { id: 1 }, columns: { views: true }, with: { author: true } }),
  userByEmailWithPosts: (db) => next(db).users.findFirst({ where: { email: 'u1@x' }, with: { posts: true } }),
  commentWithPostAndAuthor: (db) =>
    next(db).comments.findFirst({ where: { id: 1 }, with: { post: { with: { author: true } } } }),
  postTitledWithAuthorsName: (db) =>
    next(db).posts.findMany({
      where: { title: 'p1' },
      columns: { title: true },
      with: { author: { columns: { name: true } } },
    }),
  userWithAnyPost: (db) => next(db).users.findFirst({ where: { email: 'u3@x' }, with: { anyPost: true } }),
  everythingById: (db) => next(db).everything.findMany({ where: { id: 1 } }),
  postById: (db) => next(db).posts.findFirst({ where: { id: 1 } }),
}
