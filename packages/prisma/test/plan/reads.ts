/** A read that runs on the repository's schema: model, operation, arguments. */
export type ReadCase = readonly [model: string, operation: string, args: unknown]

/** What is asked of one user by each kind of unique read. */
const user: readonly ReadCase[] = [
  ...[1, 2, 9].map((id): ReadCase => ['User', 'findUnique', { where: { id } }]),
  ...['a@x', 'new@x'].map((email): ReadCase => ['User', 'findUnique', { where: { email } }]),
  ['User', 'findUnique', { where: { id: 1, name: 'a@x' } }],
  ['User', 'findUnique', { where: { id: 2, posts: { some: { title: 'p3' } } } }],
  ['User', 'findUnique', { where: { id: 3, OR: [{ email: 'c@x' }, { profile: { bio: 'one' } }] } }],
  ['User', 'findFirst', { where: { id: 2 }, orderBy: { id: 'asc' } }],
  ['User', 'findFirst', { where: { role: 'ADMIN' }, orderBy: { id: 'asc' } }],
  ['User', 'findMany', { where: { id: { in: [1, 2] } }, orderBy: { id: 'asc' } }],
  ['User', 'findMany', { where: { id: { in: [3, 99] } }, orderBy: { id: 'asc' } }],
  ['User', 'findMany', { where: { AND: [{ id: 1 }, { email: 'a@x' }] } }],
  ['User', 'findMany', { where: { email: { equals: 'A@X', mode: 'insensitive' } } }],
  ['User', 'findMany', { where: { id: undefined }, select: { id: true }, orderBy: { id: 'asc' } }],
  ['User', 'findMany', { where: { NOT: { id: 1 } }, select: { email: true }, orderBy: { id: 'asc' } }],
  ['User', 'findMany', { cursor: { email: 'b@x' }, orderBy: { id: 'asc' }, where: { role: 'MEMBER' } }],
  ['User', 'findMany', { cursor: { id: 2 }, where: { id: { in: [1, 3] } }, orderBy: { name: 'asc' } }],
  ['User', 'findMany', { cursor: { id: 4 }, where: { id: { in: [1, 3] } }, orderBy: { email: 'desc' } }],
  ['User', 'findMany', { distinct: ['role'], orderBy: { id: 'asc' }, select: { id: true, role: true } }],
  ['User', 'findMany', { take: -1, orderBy: { id: 'asc' } }],
]

const relations: readonly ReadCase[] = [
  ['User', 'findUnique', { where: { id: 1 }, include: { posts: { orderBy: { id: 'asc' } } } }],
  ['User', 'findUnique', { where: { id: 2 }, include: { edits: true, profile: true } }],
  ['User', 'findUnique', { where: { id: 3 }, include: { profile: true } }],
  ['User', 'findUnique', { where: { email: 'a@x' }, include: { posts: { orderBy: { id: 'asc' } } } }],
  [
    'User',
    'findUnique',
    { where: { id: 1 }, include: { followers: { orderBy: { id: 'asc' } }, following: true } },
  ],
  [
    'User',
    'findUnique',
    { where: { id: 1 }, select: { _count: { select: { posts: true, followers: true } } } },
  ],
  ['User', 'findUnique', { where: { id: 2 }, include: { _count: true } }],
  [
    'User',
    'findUnique',
    {
      where: { id: 1 },
      include: { memberships: { include: { badges: true, group: true }, orderBy: { groupId: 'asc' } } },
    },
  ],
  ['User', 'findMany', { include: { posts: { where: { categoryId: 1 } } }, orderBy: { id: 'asc' } }],
  [
    'User',
    'findMany',
    {
      select: {
        id: true,
        posts: { cursor: { id: 1 }, take: 2, orderBy: { id: 'asc' }, select: { title: true } },
      },
      orderBy: { id: 'asc' },
    },
  ],
  [
    'User',
    'findMany',
    {
      select: { id: true, _count: { select: { posts: { where: { tags: { some: { name: 't1' } } } } } } },
      orderBy: { id: 'asc' },
    },
  ],
  [
    'User',
    'findMany',
    {
      where: { posts: { some: { tags: { some: { name: 't1' } } } } },
      select: { id: true },
      orderBy: { id: 'asc' },
    },
  ],
  [
    'User',
    'findMany',
    { where: { posts: { every: { editorId: 1 } } }, select: { id: true }, orderBy: { id: 'asc' } },
  ],
  ['User', 'findMany', { where: { followers: { none: {} } }, select: { id: true }, orderBy: { id: 'asc' } }],
  ['User', 'findMany', { where: { profile: null }, select: { id: true }, orderBy: { id: 'asc' } }],
  [
    'User',
    'findMany',
    { where: { profile: { isNot: { bio: 'one' } } }, select: { id: true }, orderBy: { id: 'asc' } },
  ],
  ['User', 'findMany', { orderBy: [{ posts: { _count: 'desc' } }, { id: 'asc' }], select: { id: true } }],
  ['User', 'findMany', { orderBy: [{ profile: { bio: 'asc' } }, { id: 'asc' }], select: { id: true } }],
  ['Post', 'findUnique', { where: { id: 1 }, include: { author: true, editor: true, category: true } }],
  ['Post', 'findUnique', { where: { id: 1 }, include: { tags: { orderBy: { id: 'asc' } } } }],
  ['Post', 'findUnique', { where: { id: 1 }, include: { tags: { where: { id: 2 } } } }],
  [
    'Post',
    'findUnique',
    { where: { id: 3 }, include: { comments: { include: { author: { include: { profile: true } } } } } },
  ],
  ['Post', 'findMany', { where: { authorId: 1 }, orderBy: { id: 'asc' } }],
  ['Post', 'findMany', { where: { authorId: { in: [1, 4] } }, orderBy: { id: 'asc' } }],
  ['Post', 'findMany', { where: { authorId: 3 } }],
  ['Post', 'findMany', { where: { editorId: 2 }, select: { id: true }, orderBy: { id: 'asc' } }],
  ['Category', 'findMany', { where: { parentId: 1 }, orderBy: { id: 'asc' } }],
  ['Post', 'findMany', { where: { editorId: null }, orderBy: { id: 'asc' } }],
  ['Post', 'findMany', { where: { categoryId: 2, authorId: 1 }, include: { author: true } }],
  [
    'Post',
    'findMany',
    { where: { authorId: 1 }, include: { comments: { orderBy: { id: 'asc' } } }, orderBy: { id: 'asc' } },
  ],
  ['Post', 'findMany', { where: { author: { email: 'a@x' } }, orderBy: { id: 'asc' } }],
  ['Post', 'findMany', { where: { author: { is: { id: 1 } } }, orderBy: { id: 'asc' } }],
  ['Post', 'findMany', { where: { OR: [{ authorId: 2 }, { editorId: 2 }] }, orderBy: { id: 'asc' } }],
  ['Post', 'findMany', { orderBy: [{ author: { name: 'desc' } }, { id: 'asc' }], select: { id: true } }],
  ['Post', 'findMany', { orderBy: [{ tags: { _count: 'desc' } }, { id: 'asc' }], select: { id: true } }],
  [
    'Post',
    'findMany',
    { where: { tags: { some: { id: 1 } } }, select: { id: true }, orderBy: { id: 'asc' } },
  ],
  ['Tag', 'findUnique', { where: { name: 't1' }, include: { posts: { orderBy: { id: 'asc' } } } }],
  ['Tag', 'findUnique', { where: { id: 1 }, include: { _count: { select: { posts: true } } } }],
  [
    'Category',
    'findUnique',
    { where: { id: 1 }, include: { children: { include: { posts: true } }, parent: true } },
  ],
  ['Category', 'findUnique', { where: { id: 2 }, include: { parent: { include: { parent: true } } } }],
  [
    'Comment',
    'findMany',
    {
      where: { postId: 1 },
      include: { post: { select: { title: true, author: true } } },
      orderBy: { id: 'asc' },
    },
  ],
]

const rest: readonly ReadCase[] = [
  ['Profile', 'findUnique', { where: { userId: 1 }, include: { user: true } }],
  ['Profile', 'findUnique', { where: { userId: 3 } }],
  [
    'Membership',
    'findUnique',
    { where: { userId_groupId: { userId: 1, groupId: 1 } }, include: { badges: true } },
  ],
  ['Membership', 'findMany', { where: { groupId: 1 }, orderBy: { userId: 'asc' } }],
  [
    'Membership',
    'findMany',
    {
      cursor: { userId_groupId: { userId: 1, groupId: 2 } },
      orderBy: [{ userId: 'asc' }, { groupId: 'asc' }],
    },
  ],
  ['Badge', 'findMany', { where: { userId: 1, groupId: 1 } }],
  ['Ticket', 'findMany', { where: { assigneeId: 1 }, orderBy: { id: 'asc' } }],
  ['Ticket', 'findMany', { where: { assigneeId: 2 }, orderBy: { id: 'asc' } }],
  ['Seat', 'findUnique', { where: { place: { venue: 'v', row: 1, number: 1 } } }],
  ['Seat', 'findUnique', { where: { venue_holder: { venue: 'v', holder: 'h' } } }],
  ['Seat', 'findMany', { where: { venue: 'v', holder: null } }],
  ['Stock', 'findUnique', { where: { sku: 's1' }, include: { lines: { orderBy: { id: 'asc' } } } }],
  ['OrderLine', 'findMany', { where: { sku: 's1' }, orderBy: { id: 'asc' } }],
  ['OrderLine', 'findMany', { where: { orderId: 1 } }],
  ['LegacyItem', 'findUnique', { where: { label: 'L1' }, include: { parts: true } }],
  ['LegacyItem', 'findMany', { where: { partOfNo: 1 } }],
  ['User', 'count', undefined],
  [
    'User',
    'count',
    { where: { posts: { some: {} } }, cursor: { id: 1 }, select: { _all: true, name: true } },
  ],
  ['Post', 'count', { where: { authorId: 1 } }],
  ['Post', 'count', { where: { id: 5 } }],
  ['Post', 'aggregate', { where: { authorId: 2 }, _sum: { views: true }, _count: true }],
  ['Post', 'groupBy', { by: ['authorId'], _count: { _all: true }, orderBy: { authorId: 'asc' } }],
  [
    'Post',
    'groupBy',
    {
      by: ['editorId'],
      where: { author: { email: 'a@x' } },
      having: { views: { _avg: { gte: 0 } } },
      orderBy: { _count: { id: 'asc' } },
    },
  ],
  ['AuthorStat', 'findMany', { orderBy: { authorId: 'asc' } }],
  ['AuthorStat', 'findUnique', { where: { authorId: 1 } }],
]

export const reads: readonly ReadCase[] = [...user, ...relations, ...rest]
