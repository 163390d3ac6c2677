import type { Db } from './after.ts'

const list = { ttl: 60, swr: 30, tags: ['posts'] }

/** The requests of a small blog. None of them changes with the migration. */
export const requests: Readonly<Record<string, (db: Db) => Promise<unknown>>> = {
  'GET /posts': (db) =>
    db.post.findMany({
      where: { published: true },
      include: { author: { select: { name: true } } },
      orderBy: { id: 'asc' },
      cacheStrategy: list,
    }),
  'GET /posts with status': async (db) =>
    (await db.post.findMany({ orderBy: { id: 'desc' }, cacheStrategy: { ttl: 60 } }).withAccelerateInfo())
      .data,
  'GET /users/1': (db) =>
    db.user.findUnique({ where: { id: 1 }, cacheStrategy: { ttl: 60, tags: ['user_1'] } }),
  'GET /users/9': (db) => db.user.findUnique({ where: { id: 9 }, cacheStrategy: { ttl: 60 } }),
  'GET /users/2/posts': (db) =>
    db.user
      .findUniqueOrThrow({ where: { id: 2 }, cacheStrategy: { ttl: 60 } })
      .posts({ orderBy: { id: 'asc' } }),
  'GET /numbers': async (db) => [
    await db.post.count({ cacheStrategy: { ttl: 60 } }),
    await db.post.aggregate({ _sum: { views: true }, _max: { id: true }, cacheStrategy: { swr: 60 } }),
    await db.post.groupBy({
      by: ['authorId'],
      _count: { _all: true },
      orderBy: { authorId: 'asc' },
      cacheStrategy: list,
    }),
  ],
  'GET /health': (db) => db.user.count(),
  'POST /posts': async (db) => {
    const post = await db.post.create({ data: { title: 'Tea', published: true, authorId: 2 } })
    await db.$accelerate.invalidate({ tags: ['posts'] })
    return post
  },
  'PATCH /users/1': (db) =>
    db.user.update({ where: { id: 1 }, data: { name: 'Ada L.' }, select: { id: true, name: true } }),
  'POST /posts/1/view': (db) =>
    db.$transaction([
      db.post.update({ where: { id: 1 }, data: { views: { increment: 1 } } }),
      db.post.aggregate({ _sum: { views: true }, cacheStrategy: { ttl: 60 } }),
    ]),
  'POST /posts/2/move': (db) =>
    db.$transaction(async (tx) => {
      const post = await tx.post.findUniqueOrThrow({ where: { id: 2 }, cacheStrategy: { ttl: 60 } })
      const authorId = post.authorId === 1 ? 2 : 1
      return tx.post.update({ where: { id: 2 }, data: { authorId } })
    }),
  'DELETE /posts/3': (db) => db.post.deleteMany({ where: { id: 3 } }),
}

const names = Object.keys(requests)
const reads = names.filter((name) => name.startsWith('GET'))
const writes = names.filter((name) => !name.startsWith('GET'))

/** Every read twice, and again after each write. */
export const script: readonly string[] = [...reads, ...reads, ...writes.flatMap((write) => [write, ...reads])]
