import { Prisma, type PrismaClient } from '../../../prisma/generated/client/client.ts'

/** One read whose result is the same whenever the database is: every list in it has an order. */
export interface Query {
  readonly name: string
  run(client: PrismaClient): PromiseLike<unknown>
}

const byId = { orderBy: { id: 'asc' } } as const
const userIds = [1, 2, 3, 4] as const

const query = (name: string, run: Query['run']): Query => ({ name, run })

const users: readonly Query[] = [
  ...userIds.map((id) => query(`user ${id}`, (db) => db.user.findUnique({ where: { id } }))),
  ...['a@x', 'A@x', 'b@x', 'c@x', 'é@x'].map((email) =>
    query(`user ${email}`, (db) => db.user.findUnique({ where: { email } })),
  ),
  query('user by id and name', (db) => db.user.findUnique({ where: { id: 1, name: 'n1' } })),
  query('user by id and posts', (db) =>
    db.user.findUnique({ where: { id: 2, posts: { some: { published: true } } } }),
  ),
  query('users by ids', (db) => db.user.findMany({ where: { id: { in: [1, 2, 3] } }, ...byId })),
  query('users by emails', (db) => db.user.findMany({ where: { email: { in: ['a@x', 'b@x'] } }, ...byId })),
  query('users by email, any case', (db) =>
    db.user.findMany({ where: { email: { equals: 'A@X', mode: 'insensitive' } }, ...byId }),
  ),
  query('users by role', (db) => db.user.findMany({ where: { role: 'ADMIN' }, ...byId })),
  query('first user by name', (db) => db.user.findFirst({ where: { name: 'n2' }, ...byId })),
  query('users whose name is their email', (db) =>
    db.user.findMany({ where: { name: { equals: db.user.fields.email } }, ...byId }),
  ),
  query('users, distinct names', (db) =>
    db.user.findMany({ distinct: ['name'], select: { id: true, name: true }, ...byId }),
  ),
  query('users after a cursor', (db) => db.user.findMany({ cursor: { email: 'b@x' }, take: 2, ...byId })),
  query('some users after a cursor', (db) =>
    db.user.findMany({
      cursor: { id: 3 },
      where: { id: { in: [1, 2, 4] } },
      orderBy: [{ name: 'asc' }, { id: 'asc' }],
    }),
  ),
  query('last users', (db) => db.user.findMany({ take: -2, ...byId })),
  query('users with preferences', (db) =>
    db.user.findMany({ where: { NOT: { preferences: { equals: Prisma.DbNull } } }, ...byId }),
  ),
  query('users with JSON null', (db) =>
    db.user.findMany({ where: { preferences: { equals: Prisma.JsonNull } }, ...byId }),
  ),
  query('user or throw', (db) => db.user.findUniqueOrThrow({ where: { id: 1 } }).catch(codeOf)),
  query('count of users', (db) => db.user.count()),
  query('count of some users', (db) =>
    db.user.count({ where: { id: { in: [1, 2] } }, select: { _all: true, name: true } }),
  ),
]

const relations: readonly Query[] = [
  ...[1, 2].map((id) =>
    query(`user ${id} with all`, (db) =>
      db.user.findUnique({
        where: { id },
        include: {
          profile: true,
          posts: byId,
          edits: byId,
          comments: byId,
          followers: byId,
          following: byId,
          tickets: byId,
          memberships: { include: { badges: byId, group: true }, orderBy: { groupId: 'asc' } },
          _count: true,
        },
      }),
    ),
  ),
  query('user by email with posts and tags', (db) =>
    db.user.findUnique({ where: { email: 'a@x' }, include: { posts: { include: { tags: byId }, ...byId } } }),
  ),
  query('users with counts', (db) =>
    db.user.findMany({
      select: { id: true, _count: { select: { posts: { where: { published: true } }, followers: true } } },
      ...byId,
    }),
  ),
  query('users with paged posts', (db) =>
    db.user.findMany({ select: { id: true, posts: { take: 1, skip: 1, ...byId } }, ...byId }),
  ),
  query('users by tag of posts', (db) =>
    db.user.findMany({
      where: { posts: { some: { tags: { some: { name: 't1' } } } } },
      select: { id: true },
      ...byId,
    }),
  ),
  query('users all of whose posts', (db) =>
    db.user.findMany({ where: { posts: { every: { published: true } } }, select: { id: true }, ...byId }),
  ),
  query('users without followers', (db) =>
    db.user.findMany({ where: { followers: { none: {} } }, select: { id: true }, ...byId }),
  ),
  query('users by profile', (db) =>
    db.user.findMany({ where: { OR: [{ profile: null }, { profile: { is: { bio: 'b1' } } }] }, ...byId }),
  ),
  query('users by number of posts', (db) =>
    db.user.findMany({ orderBy: [{ posts: { _count: 'desc' } }, { id: 'asc' }], select: { id: true } }),
  ),
  query('users by bio', (db) =>
    db.user.findMany({ orderBy: [{ profile: { bio: 'asc' } }, { id: 'asc' }], select: { email: true } }),
  ),
  ...[1, 2, 3].map((id) =>
    query(`post ${id} with all`, (db) =>
      db.post.findUnique({
        where: { id },
        include: {
          author: { include: { profile: true } },
          editor: true,
          category: { include: { parent: true } },
          tags: byId,
          comments: { include: { author: true }, ...byId },
        },
      }),
    ),
  ),
  query('posts by author', (db) => db.post.findMany({ where: { authorId: 1 }, ...byId })),
  query('posts by authors with comments', (db) =>
    db.post.findMany({
      where: { authorId: { in: [2, 3] } },
      include: { comments: byId, author: true },
      ...byId,
    }),
  ),
  query('posts by editor', (db) => db.post.findMany({ where: { editorId: 2 }, ...byId })),
  query('posts without editor', (db) =>
    db.post.findMany({ where: { editorId: null }, select: { id: true }, ...byId }),
  ),
  query('posts by category and author', (db) =>
    db.post.findMany({ where: { categoryId: 1, authorId: 1 }, include: { category: true }, ...byId }),
  ),
  query('posts by author or editor', (db) =>
    db.post.findMany({ where: { OR: [{ authorId: 2 }, { editorId: 2 }] }, ...byId }),
  ),
  query('posts by email of author', (db) =>
    db.post.findMany({
      where: { author: { email: 'a@x' } },
      orderBy: [{ author: { name: 'desc' } }, { id: 'asc' }],
    }),
  ),
  query('posts by tags', (db) =>
    db.post.findMany({
      where: { tags: { some: { id: 1 } } },
      orderBy: [{ tags: { _count: 'desc' } }, { id: 'asc' }],
    }),
  ),
  query('tag with posts', (db) =>
    db.tag.findUnique({ where: { name: 't1' }, include: { posts: byId, _count: true } }),
  ),
  query('category with tree', (db) =>
    db.category.findUnique({
      where: { id: 1 },
      include: { parent: true, children: { include: { posts: byId }, ...byId } },
    }),
  ),
  query('comments of a post', (db) =>
    db.comment.findMany({ where: { postId: 1 }, include: { post: { include: { author: true } } }, ...byId }),
  ),
]

const rest: readonly Query[] = [
  query('profile by user', (db) => db.profile.findUnique({ where: { userId: 1 }, include: { user: true } })),
  query('profile by another user', (db) => db.profile.findUnique({ where: { userId: 2 } })),
  query('membership', (db) =>
    db.membership.findUnique({
      where: { userId_groupId: { userId: 1, groupId: 1 } },
      include: { badges: byId },
    }),
  ),
  query('memberships of a group', (db) =>
    db.membership.findMany({ where: { groupId: 1 }, orderBy: { userId: 'asc' } }),
  ),
  query('memberships after a cursor', (db) =>
    db.membership.findMany({
      cursor: { userId_groupId: { userId: 1, groupId: 2 } },
      orderBy: [{ userId: 'asc' }, { groupId: 'asc' }],
    }),
  ),
  query('badges of a membership', (db) => db.badge.findMany({ where: { userId: 1, groupId: 1 }, ...byId })),
  query('badges of a user', (db) =>
    db.badge.findMany({ where: { userId: 2 }, include: { membership: true }, ...byId }),
  ),
  query('tickets', (db) => db.ticket.findMany({ where: { assigneeId: 1 }, ...byId })),
  query('seat by place', (db) => db.seat.findUnique({ where: { place: { venue: 'v', row: 1, number: 1 } } })),
  query('seat by holder', (db) =>
    db.seat.findUnique({ where: { venue_holder: { venue: 'v', holder: 'h1' } } }),
  ),
  query('free seats', (db) => db.seat.findMany({ where: { venue: 'v', holder: null }, ...byId })),
  query('stock with lines', (db) => db.stock.findUnique({ where: { sku: 's1' }, include: { lines: byId } })),
  query('lines by sku', (db) =>
    db.orderLine.findMany({ where: { sku: 's2' }, include: { stock: true }, ...byId }),
  ),
  query('order with lines', (db) =>
    db.order.findUnique({ where: { id: 1 }, include: { lines: { include: { stock: true }, ...byId } } }),
  ),
  query('legacy item', (db) =>
    db.legacyItem.findUnique({
      where: { label: 'L1' },
      include: { parts: { orderBy: { itemNo: 'asc' } }, partOf: true },
    }),
  ),
  query('sum of views', (db) =>
    db.post.aggregate({ where: { authorId: 1 }, _sum: { views: true }, _count: true, _max: { id: true } }),
  ),
  query('posts by author, grouped', (db) =>
    db.post.groupBy({
      by: ['authorId'],
      _count: { _all: true },
      _sum: { views: true },
      orderBy: { authorId: 'asc' },
    }),
  ),
  query('grouped with having', (db) =>
    db.post.groupBy({
      by: ['categoryId'],
      where: { author: { role: 'MEMBER' } },
      having: { views: { _sum: { gte: 1 } } },
      orderBy: { categoryId: 'asc' },
    }),
  ),
  query('statistics view', (db) => db.authorStat.findMany({ orderBy: { authorId: 'asc' } })),
  query('statistics of one', (db) => db.authorStat.findUnique({ where: { authorId: 1 } })),
  query('fluent: posts', (db) => db.user.findUnique({ where: { id: 1 } }).posts(byId)),
  query('fluent: profile', (db) => db.user.findUnique({ where: { email: 'b@x' } }).profile()),
  query('fluent: two steps', (db) =>
    db.post
      .findUnique({ where: { id: 1 } })
      .author()
      .memberships({ orderBy: { groupId: 'asc' } }),
  ),
]

/** Reads of which only the results tell whose rows they show. */
const named: readonly Query[] = [
  ...[1, 2, 3].map((id) =>
    query(`comment ${id} with all it belongs to`, (db) =>
      db.comment.findUnique({
        where: { id },
        include: { author: { include: { profile: true } }, post: { include: { author: true, tags: byId } } },
      }),
    ),
  ),
  ...['a@x', 'b@x'].map((email) =>
    query(`user ${email} with posts and followers`, (db) =>
      db.user.findUnique({
        where: { email },
        include: {
          posts: { include: { comments: byId, category: true }, ...byId },
          followers: { include: { profile: true }, ...byId },
          _count: { select: { edits: true, comments: true } },
        },
      }),
    ),
  ),
  query('post with an editor of one name', (db) =>
    db.post.findMany({
      where: { id: { in: [1, 2] } },
      include: { editor: { where: { name: 'n2' } } },
      ...byId,
    }),
  ),
  query('posts without the keys of their authors', (db) =>
    db.post.findMany({ where: { authorId: 1 }, select: { author: { select: { name: true } } }, ...byId }),
  ),
  query('posts with the names of their authors', (db) =>
    db.post.findMany({
      where: { authorId: 1 },
      select: { authorId: true, author: { select: { name: true } } },
      ...byId,
    }),
  ),
  query('one post with comments after a cursor', (db) =>
    db.post.findUnique({
      where: { id: 1 },
      include: { comments: { cursor: { id: 1 }, take: 2, include: { author: true }, ...byId } },
    }),
  ),
  query('post with some of its tags', (db) =>
    db.post.findUnique({ where: { id: 1 }, include: { tags: { where: { name: { not: 't1' } }, ...byId } } }),
  ),
  query('profile with all of its user', (db) =>
    db.profile.findUnique({
      where: { userId: 1 },
      include: {
        user: { include: { memberships: { include: { group: true }, orderBy: { groupId: 'asc' } } } },
      },
    }),
  ),
  query('badge with all of its membership', (db) =>
    db.badge.findUnique({
      where: { id: 1 },
      include: { membership: { include: { user: true, group: true } } },
    }),
  ),
  query('line with its stock and order', (db) =>
    db.orderLine.findUnique({ where: { id: 1 }, include: { stock: true, order: true } }),
  ),
  query('ticket with its assignee', (db) =>
    db.ticket.findUnique({ where: { id: 1 }, include: { assignee: { omit: { id: true } } } }),
  ),
  query('fluent: author with posts', (db) =>
    db.post.findUnique({ where: { id: 1 } }).author({ include: { posts: byId, profile: true } }),
  ),
]

/** Reads of every shape, over the rows that the steps change most. */
export const cachedQueries: readonly Query[] = [...users, ...relations, ...named, ...rest]

/** A rejection compared like a result. */
export function codeOf(error: unknown): unknown {
  const { code } = error as { code?: unknown }
  if (typeof code !== 'string') throw error
  return { code }
}
