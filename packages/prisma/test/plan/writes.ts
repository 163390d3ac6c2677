/** A write that succeeds on the seeded database: model, operation, arguments. */
export type WriteCase = readonly [model: string, operation: string, args: unknown]

const single: readonly WriteCase[] = [
  ['User', 'create', { data: { email: 'A@X' } }],
  ['User', 'update', { where: { id: 4 }, data: { email: 'aa@x' } }],
  ['User', 'create', { data: { email: 'new@x' } }],
  ['User', 'create', { data: { id: 9, email: 'nine@x', role: 'ADMIN' }, select: { email: true } }],
  ['User', 'createMany', { data: [{ email: 'new@x' }, { email: 'm@x', role: 'GUEST' }] }],
  ['User', 'createMany', { data: [{ email: 'a@x' }, { email: 'new@x' }], skipDuplicates: true }],
  ['User', 'createManyAndReturn', { data: [{ email: 'new@x' }, { email: 'm@x' }] }],
  [
    'User',
    'createManyAndReturn',
    { data: [{ email: 'a@x' }, { email: 'new@x' }], skipDuplicates: true, select: { id: true } },
  ],
  ['Post', 'create', { data: { title: 'n', authorId: 1 } }],
  [
    'Post',
    'create',
    { data: { title: 'n', author: { connect: { id: 3 } }, editor: { connect: { email: 'b@x' } } } },
  ],
  ['Post', 'create', { data: { id: 5, title: 'n', authorId: 2, categoryId: 2 }, select: { title: true } }],
  [
    'Post',
    'createMany',
    {
      data: [
        { title: 'n', authorId: 3 },
        { title: 'm', authorId: 1, categoryId: 1 },
      ],
    },
  ],
  ['Post', 'createManyAndReturn', { data: [{ title: 'n', authorId: 3 }], include: { author: true } }],
  ['Ticket', 'create', { data: { title: 'defaulted' } }],
  ['Ticket', 'create', { data: { title: 'defaulted' }, select: { id: true } }],
  ['Ticket', 'createMany', { data: { title: 'defaulted' } }],
  ['Seat', 'create', { data: { venue: 'v', row: 2, number: 1 } }],
  ['User', 'update', { where: { id: 1 }, data: { name: 'z' } }],
  ['User', 'update', { where: { email: 'a@x' }, data: { email: 'new@x' } }],
  ['User', 'update', { where: { email: 'a@x' }, data: { name: { set: 'z' } }, select: { name: true } }],
  ['User', 'update', { where: { id: 2, posts: { some: { title: 'p3' } } }, data: { role: 'ADMIN' } }],
  ['User', 'update', { where: { id: 3 }, data: { id: 9 } }],
  ['User', 'update', { where: { id: 3 }, data: { id: { increment: 6 } }, select: { email: true } }],
  ['User', 'update', { where: { id: 1 }, data: {} }],
  ['Post', 'update', { where: { id: 1 }, data: { authorId: 3 } }],
  ['Post', 'update', { where: { id: 1 }, data: { authorId: { increment: 1 } }, select: { id: true } }],
  ['Post', 'update', { where: { id: 3 }, data: { editorId: null, views: { increment: 1 } } }],
  ['Post', 'updateMany', { where: { authorId: 1 }, data: { views: 5 } }],
  ['Post', 'updateMany', { where: { authorId: 1 }, data: { authorId: 4 } }],
  ['Post', 'updateMany', { where: { id: { in: [1, 3] } }, data: { editorId: 3 } }],
  ['Post', 'updateMany', { where: { author: { email: 'a@x' }, authorId: 1 }, data: { categoryId: null } }],
  ['Post', 'updateMany', { where: { authorId: 1 }, data: { categoryId: 2 }, limit: 1 }],
  ['Post', 'updateMany', { where: { id: undefined }, data: { title: 'all' } }],
  ['Post', 'updateManyAndReturn', { where: { views: 0 }, data: { editorId: 1 } }],
  ['Post', 'updateManyAndReturn', { where: { authorId: 2 }, data: { title: 'r' }, select: { id: true } }],
  [
    'Seat',
    'update',
    { where: { place: { venue: 'v', row: 1, number: 1 } }, data: { number: 3, holder: null } },
  ],
  ['Stock', 'update', { where: { sku: 's1' }, data: { sku: 's9' } }],
  ['Stock', 'updateMany', { where: { warehouse: 'w' }, data: { quantity: { decrement: 1 } } }],
  ['LegacyItem', 'update', { where: { itemNo: 1 }, data: { itemNo: 7 } }],
  ['User', 'upsert', { where: { email: 'a@x' }, create: { email: 'a@x' }, update: { name: 'u' } }],
  ['User', 'upsert', { where: { email: 'new@x' }, create: { email: 'new@x' }, update: { name: 'u' } }],
  ['User', 'upsert', { where: { id: 99 }, create: { email: 'new@x' }, update: {}, select: { role: true } }],
  ['User', 'upsert', { where: { id: 1, name: 'a@x' }, create: { email: 'a@x' }, update: { email: 'new@x' } }],
  ['Post', 'upsert', { where: { id: 1 }, create: { title: 'n', authorId: 3 }, update: { title: 'u' } }],
  [
    'Post',
    'upsert',
    { where: { id: 1 }, create: { title: 'n', authorId: 3 }, update: { authorId: 4 }, select: { id: true } },
  ],
  [
    'Post',
    'upsert',
    {
      where: { id: 77 },
      create: { id: 5, title: 'n', authorId: 3 },
      update: { authorId: 4 },
      select: { id: true },
    },
  ],
  [
    'Membership',
    'upsert',
    {
      where: { userId_groupId: { userId: 1, groupId: 1 } },
      create: { userId: 1, groupId: 1 },
      update: { level: 2 },
    },
  ],
  ['User', 'delete', { where: { id: 4 } }],
  ['User', 'delete', { where: { email: 'd@x' }, include: { posts: true } }],
  ['Post', 'delete', { where: { id: 1 } }],
  ['Post', 'delete', { where: { id: 2 }, select: { id: true } }],
  ['Post', 'deleteMany', { where: { authorId: 1 } }],
  ['Post', 'deleteMany', undefined],
  ['Post', 'deleteMany', { where: { author: { profile: { bio: 'one' } } }, limit: 1 }],
  ['Tag', 'delete', { where: { name: 't1' } }],
  ['Membership', 'delete', { where: { userId_groupId: { userId: 1, groupId: 1 } } }],
  ['Group', 'update', { where: { id: 1 }, data: { id: 11 } }],
  ['Category', 'delete', { where: { id: 1 } }],
  ['Order', 'delete', { where: { id: 1 } }],
]

const nested: readonly WriteCase[] = [
  [
    'User',
    'update',
    { where: { id: 2 }, data: { edits: { create: { title: 'n', author: { connect: { id: 3 } } } } } },
  ],
  ['Post', 'update', { where: { id: 1 }, data: { tags: { disconnect: { id: 2 } } } }],
  ['Post', 'update', { where: { id: 2 }, data: { tags: { connect: { id: 3 } } } }],
  ['Tag', 'update', { where: { name: 't1' }, data: { posts: { set: [] } } }],
  ['User', 'update', { where: { id: 1 }, data: { followers: { disconnect: { id: 2 } } } }],
  ['User', 'update', { where: { id: 3 }, data: { profile: { connect: { id: 1 } } } }],
  ['Category', 'update', { where: { id: 1 }, data: { children: { connect: { id: 1 } } } }],
  [
    'User',
    'create',
    {
      data: {
        email: 'new@x',
        profile: { create: { bio: 'n' } },
        posts: { create: [{ title: 'n', tags: { create: { name: 'n' } } }, { title: 'm' }] },
      },
    },
  ],
  [
    'User',
    'create',
    {
      data: {
        email: 'new@x',
        posts: { createMany: { data: [{ title: 'n' }, { title: 'm', categoryId: 1 }] } },
      },
    },
  ],
  [
    'User',
    'create',
    { data: { email: 'new@x', posts: { connect: [{ id: 1 }, { id: 3 }] }, profile: { connect: { id: 1 } } } },
  ],
  [
    'User',
    'create',
    {
      data: {
        email: 'new@x',
        following: { connect: { id: 1 } },
        followers: { connectOrCreate: { where: { id: 77 }, create: { email: 'm@x' } } },
      },
    },
  ],
  [
    'Post',
    'create',
    {
      data: {
        title: 'n',
        author: { create: { email: 'new@x' } },
        tags: { connectOrCreate: { where: { name: 't1' }, create: { name: 't1' } } },
      },
    },
  ],
  [
    'Post',
    'create',
    { data: { title: 'n', author: { connectOrCreate: { where: { id: 1 }, create: { email: 'new@x' } } } } },
  ],
  ['Profile', 'create', { data: { bio: 'n', user: { connect: { id: 3 } } } }],
  ['Profile', 'update', { where: { id: 1 }, data: { user: { connect: { id: 3 } } } }],
  ['Profile', 'update', { where: { userId: 1 }, data: { bio: 'n', user: { create: { email: 'new@x' } } } }],
  ['Profile', 'update', { where: { userId: 1 }, data: { user: { update: { name: 'n' } } } }],
  [
    'User',
    'update',
    {
      where: { id: 1 },
      data: { posts: { update: { where: { id: 1 }, data: { title: 'n', editorId: 3 } } } },
    },
  ],
  [
    'User',
    'update',
    {
      where: { id: 1 },
      data: {
        posts: { updateMany: { where: { views: 0 }, data: { views: 1 } }, deleteMany: { title: 'p2' } },
      },
    },
  ],
  [
    'User',
    'update',
    {
      where: { id: 1 },
      data: { posts: { upsert: { where: { id: 77 }, create: { title: 'n' }, update: { title: 'u' } } } },
    },
  ],
  [
    'User',
    'update',
    {
      where: { id: 1 },
      data: {
        posts: {
          upsert: {
            where: { id: 1 },
            create: { title: 'n' },
            update: { category: { create: { name: 'n' } } },
          },
        },
      },
    },
  ],
  ['User', 'update', { where: { id: 1 }, data: { edits: { set: [{ id: 1 }] } } }],
  [
    'User',
    'update',
    { where: { id: 2 }, data: { edits: { disconnect: { id: 1 } }, profile: { update: { bio: 'n' } } } },
  ],
  ['User', 'update', { where: { id: 2 }, data: { profile: { delete: true } } }],
  [
    'User',
    'update',
    { where: { id: 3 }, data: { profile: { upsert: { create: { bio: 'n' }, update: { bio: 'u' } } } } },
  ],
  [
    'User',
    'update',
    { where: { id: 1 }, data: { posts: { delete: { id: 2 } }, name: 'n' }, select: { name: true } },
  ],
  [
    'User',
    'update',
    {
      where: { id: 1 },
      data: { followers: { disconnect: { id: 2 } }, following: { create: { email: 'new@x' } } },
    },
  ],
  ['Post', 'update', { where: { id: 1 }, data: { tags: { set: [{ id: 3 }], create: { name: 'n' } } } }],
  [
    'Post',
    'update',
    {
      where: { id: 1 },
      data: { tags: { update: { where: { id: 1 }, data: { name: 'n' } }, disconnect: { id: 2 } } },
    },
  ],
  [
    'Post',
    'update',
    {
      where: { id: 1 },
      data: { tags: { delete: { id: 1 }, updateMany: { where: {}, data: { name: 'u' } } } },
    },
  ],
  [
    'Post',
    'update',
    { where: { id: 1 }, data: { editor: { disconnect: true }, author: { update: { name: 'n' } } } },
  ],
  ['Post', 'update', { where: { id: 1 }, data: { author: { connect: { id: 3 } }, views: 3 } }],
  [
    'Post',
    'update',
    { where: { id: 1 }, data: { editor: { connect: { email: 'c@x' } } }, select: { id: true } },
  ],
  [
    'Post',
    'update',
    {
      where: { id: 1 },
      data: {
        category: {
          upsert: { create: { name: 'n' }, update: { name: 'u', parent: { create: { name: 'm' } } } },
        },
      },
    },
  ],
  ['Post', 'update', { where: { id: 4 }, data: { editor: { delete: true } } }],
  [
    'Category',
    'update',
    { where: { id: 2 }, data: { parent: { disconnect: true }, posts: { connect: { id: 3 } } } },
  ],
  [
    'Category',
    'update',
    { where: { id: 1 }, data: { children: { create: { name: 'n', children: { create: { name: 'm' } } } } } },
  ],
  [
    'Membership',
    'update',
    { where: { userId_groupId: { userId: 1, groupId: 2 } }, data: { badges: { connect: { id: 2 } } } },
  ],
  [
    'Badge',
    'update',
    { where: { id: 2 }, data: { membership: { connect: { userId_groupId: { userId: 2, groupId: 1 } } } } },
  ],
  [
    'Order',
    'create',
    {
      data: {
        customer: 'n',
        lines: { create: { quantity: 1, price: 2, stock: { connect: { sku: 's2' } } } },
      },
    },
  ],
  [
    'Stock',
    'upsert',
    {
      where: { sku: 's2' },
      create: { sku: 's2', warehouse: 'w' },
      update: { lines: { create: { quantity: 1, price: 2, orderId: 1 } } },
    },
  ],
]

export const writes: readonly WriteCase[] = [...single, ...nested]
