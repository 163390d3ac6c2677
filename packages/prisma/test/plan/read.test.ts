import type { Pins } from '@larder/core/host'
import { describe, expect, test } from 'vitest'
import { type PlannedRead, planRead } from '../../src/plan/read.ts'
import { models } from './models.ts'

const plan = (operation: string, model: string, args?: unknown): PlannedRead =>
  planRead(operation, model, args, models)

/** Occurrences after the root, as `table` or `[table, pins]`. */
const others = ({ occurrences }: PlannedRead): readonly unknown[] =>
  occurrences.slice(1).map(({ table, pins }) => (pins ? [table, pins] : table))

type Row = readonly [
  fact: string,
  operation: string,
  model: string,
  args: unknown,
  others: readonly unknown[],
]

const rows: readonly Row[] = [
  ['only the root', 'findMany', 'User', undefined, []],
  [
    'an include pinned by the parent',
    'findUnique',
    'User',
    { where: { id: 1 }, include: { posts: true } },
    [['blog_posts', { author_id: [1] }]],
  ],
  [
    'an include of a parent pinned by another column',
    'findUnique',
    'User',
    { where: { email: 'a' }, include: { posts: true } },
    ['blog_posts'],
  ],
  [
    'an include pinned by its own filter',
    'findMany',
    'User',
    { include: { posts: { where: { categoryId: 3 } } } },
    [['blog_posts', { category_id: [3] }]],
  ],
  [
    'an include pinned by both',
    'findMany',
    'User',
    { where: { id: { in: [1, 2] } }, include: { posts: { where: { id: 7 } } } },
    [['blog_posts', { author_id: [1, 2], id: [7] }]],
  ],
  [
    'a grandchild pinned by the child',
    'findMany',
    'User',
    { include: { posts: { where: { id: 7 }, include: { comments: true } } } },
    [
      ['blog_posts', { id: [7] }],
      ['blog_comments', { post_id: [7] }],
    ],
  ],
  [
    'a grandchild whose parent is pinned only by the foreign key',
    'findUnique',
    'User',
    { where: { id: 1 }, include: { posts: { include: { comments: true } } } },
    [['blog_posts', { author_id: [1] }], 'blog_comments'],
  ],
  [
    'a to-one include pinned by the foreign key of its parent',
    'findMany',
    'Post',
    { where: { authorId: 1 }, include: { author: true } },
    [['app_user', { id: [1] }]],
  ],
  [
    'a to-one include of a parent pinned by its key',
    'findUnique',
    'Post',
    { where: { id: 1 }, include: { author: true } },
    ['app_user'],
  ],
  [
    'a one-to-one include whose foreign key is on the other side',
    'findUnique',
    'User',
    { where: { id: 1 }, include: { profile: true } },
    [['app_profile', { user_id: [1] }]],
  ],
  [
    'both columns of a compound foreign key',
    'findUnique',
    'Membership',
    { where: { userId_groupId: { userId: 1, groupId: 2 } }, include: { badges: true } },
    [['app_badge', { user_id: [1], group_id: [2] }]],
  ],
  [
    'a pinned join table and an unpinned table behind it',
    'findUnique',
    'Post',
    { where: { id: 1 }, include: { tags: true } },
    ['blog_tags', ['_posttotag', { A: [1] }]],
  ],
  [
    'the other side of a join table',
    'findUnique',
    'User',
    { where: { id: 1 }, include: { following: true } },
    ['app_user', ['_follow', { B: [1] }]],
  ],
  [
    'a select like an include',
    'findUnique',
    'Post',
    { where: { id: 1 }, select: { id: true, tags: { select: { name: true } } } },
    ['blog_tags', ['_posttotag', { A: [1] }]],
  ],
  ['only selected relations', 'findMany', 'User', { include: { posts: false, profile: undefined } }, []],
  [
    'a count pinned like an include',
    'findUnique',
    'User',
    { where: { id: 1 }, select: { _count: { select: { posts: true } } } },
    [['blog_posts', { author_id: [1] }]],
  ],
  [
    'a count with a filter',
    'findMany',
    'User',
    { include: { _count: { select: { posts: { where: { tags: { some: { name: 'x' } } } } } } } },
    ['blog_posts', 'blog_tags', '_posttotag'],
  ],
  [
    'every list counted by _count: true',
    'findMany',
    'Category',
    { include: { _count: true } },
    ['blog_categories', 'blog_posts'],
  ],
  [
    'a cursor pinned by its unique key',
    'findMany',
    'User',
    { where: { id: 5 }, cursor: { email: 'a' } },
    [['app_user', { email: ['a'] }]],
  ],
  [
    'a compound cursor',
    'findMany',
    'Membership',
    { cursor: { userId_groupId: { userId: 1, groupId: 2 } } },
    [['app_membership', { user_id: [1], group_id: [2] }]],
  ],
  [
    'a cursor in an include',
    'findMany',
    'User',
    { include: { posts: { cursor: { id: 4 }, take: 1 } } },
    ['blog_posts', ['blog_posts', { id: [4] }]],
  ],
  [
    'an order by a relation',
    'findMany',
    'Post',
    { orderBy: [{ author: { profile: { bio: 'asc' } } }, { id: 'desc' }] },
    ['app_user', 'app_profile'],
  ],
  [
    'an order by a count',
    'findMany',
    'Post',
    { orderBy: { tags: { _count: 'asc' } } },
    ['blog_tags', '_posttotag'],
  ],
  [
    'a filter on a relation, at any depth',
    'findMany',
    'User',
    { where: { OR: [{ NOT: { posts: { some: { tags: { none: { name: 'x' } } } } } }] } },
    ['blog_posts', 'blog_tags', '_posttotag'],
  ],
  [
    'a filter on a to-one relation',
    'count',
    'Post',
    { where: { author: { isNot: { profile: { bio: 'b' } } } } },
    ['app_user', 'app_profile'],
  ],
  [
    'a filter on a to-one relation without is',
    'groupBy',
    'Post',
    { by: ['authorId'], where: { author: { email: 'a' } } },
    ['app_user'],
  ],
  ['an unknown relation', 'findMany', 'User', { where: { profile: null } }, ['app_profile']],
  [
    'a filter in the unique where',
    'findUnique',
    'User',
    { where: { id: 1, posts: { every: { id: 1 } } } },
    ['blog_posts'],
  ],
]

test.each(rows)('a read visits %s', (_fact, operation, model, args, expected) => {
  const planned = plan(operation, model, args)
  expect(others(planned)).toEqual(expected)
  expect(planned.opaque).toBeUndefined()
})

test.each<readonly [operation: string, args: unknown, pins: Pins | undefined]>([
  ['findUnique', { where: { id: 1 } }, { id: [1] }],
  ['findFirst', { where: { AND: { id: 1 } }, take: -1 }, { id: [1] }],
  ['findMany', { where: { email: { in: ['a', 'b'] } }, skip: 1 }, { email: ['a', 'b'] }],
  ['count', { where: { id: 1 } }, { id: [1] }],
  ['findMany', { where: { id: undefined } }, undefined],
  ['findMany', { cursor: { id: 1 } }, undefined],
])('%s %j is pinned by its where', (operation, args, pins) => {
  expect(plan(operation, 'User', args).occurrences[0]?.pins).toEqual(pins)
})

describe('the rows found in a result', () => {
  test.each([
    ['findUnique', null, 0],
    ['findUnique', { id: 1 }, 1],
    ['findUniqueOrThrow', {}, 1],
    ['findFirst', null, 0],
    ['findFirstOrThrow', { id: 1 }, 1],
    ['findMany', [], 0],
    ['findMany', [{}, {}], 2],
    ['findMany', null, undefined],
  ] as const)('%s of %j', (operation, result, rows) => {
    expect(plan(operation, 'User').occurrences[0]?.rows?.(result)).toBe(rows)
  })

  test.each(['count', 'aggregate', 'groupBy'])('%s finds none', (operation) => {
    expect(plan(operation, 'User', { where: { id: 1 } }).occurrences[0]?.rows).toBeUndefined()
  })

  test('the fluent API finds none, because its result is the relation and not the row', () => {
    const args = { where: { id: 1 }, select: { posts: true } }
    expect(
      planRead('findUnique', 'User', args, models, ['select', 'posts']).occurrences[0]?.rows,
    ).toBeUndefined()
  })

  test('relations, counts and cursors find none', () => {
    const { occurrences } = plan('findMany', 'User', {
      include: { posts: true, _count: true },
      cursor: { id: 1 },
    })
    expect(occurrences.slice(1).every(({ rows }) => rows === undefined)).toBe(true)
  })
})

describe('whether a read takes several statements is detected for', () => {
  test.each([
    ['relations by default', { include: { posts: true } }, true],
    [
      'relations with a strategy of separate queries',
      { include: { posts: true }, relationLoadStrategy: 'query' },
      true,
    ],
    ['relations joined', { include: { posts: true }, relationLoadStrategy: 'join' }, false],
    [
      'a cursor in a joined relation',
      { include: { posts: { cursor: { id: 1 } } }, relationLoadStrategy: 'join' },
      true,
    ],
    [
      'a count next to a joined relation',
      { include: { posts: true, _count: true }, relationLoadStrategy: 'join' },
      true,
    ],
    ['a count', { include: { _count: true } }, false],
    [
      'relation filters, orders and a cursor',
      { where: { posts: { some: {} } }, orderBy: { profile: { bio: 'asc' } }, cursor: { id: 1 } },
      false,
    ],
    ['a short in', { where: { id: { in: [1, 2] } } }, false],
    ['an in that may be split', { where: { id: { in: Array.from({ length: 81 }, (_, i) => i) } } }, true],
  ] as const)('%s', (_fact, args, several) => {
    expect(plan('findMany', 'User', args).severalStatements).toBe(several)
  })
})

describe('a read is opaque if it has an unknown', () => {
  test.each([
    ['argument', 'findMany', { lock: true }],
    ['operator', 'findMany', { where: { id: { near: 1 } } }],
    ['field', 'findMany', { where: { nothing: 1 } }],
    ['quantifier', 'findMany', { where: { posts: { most: {} } } }],
    ['filter object', 'findMany', { where: { posts: { toJSON: () => ({ some: {} }) } } }],
    ['selection', 'findMany', { select: { nothing: { take: 1 } } }],
    ['counted relation', 'findMany', { include: { _count: { select: { nothing: true } } } }],
    ['order', 'findMany', { orderBy: { nothing: 'asc' } }],
    ['argument of an include', 'findMany', { include: { posts: { lock: true } } }],
    ['argument of an aggregate', 'count', { lock: true }],
    ['operation', 'findRaw', {}],
  ])('%s', (_fact, operation, args) => {
    expect(plan(operation, 'User', args).opaque).toEqual(expect.any(String))
  })

  test('model', () => {
    expect(plan('findMany', 'Ghost').opaque).toBe('Ghost')
  })
})
