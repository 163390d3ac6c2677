import { describe, expect, test } from 'vitest'
import { datamodel } from '../../../../prisma/generated/larder.ts'
import { planRead } from '../../src/plan/read.ts'
import { type ModelMap, modelMapOf } from '../../src/schema/model.ts'
import { models } from './models.ts'

type ExpectedDependencies = readonly (readonly [table: string, values: readonly object[] | undefined])[]

/** What the result tells of the tables that are to be learned of, in the order of the plan. */
function dependenciesOf(
  operation: string,
  model: string,
  args: unknown,
  result: unknown,
  dataPath?: readonly string[],
  names: ModelMap = models,
): ExpectedDependencies {
  const { occurrences } = planRead(operation, model, args, names, dataPath)
  return occurrences.flatMap(({ table, resultDependency }) =>
    resultDependency ? [[table, resultDependency.values(result)] as const] : [],
  )
}

type Case = readonly [
  fact: string,
  model: string,
  args: unknown,
  result: unknown,
  learned: ExpectedDependencies,
]

const cases: readonly Case[] = [
  [
    'the row of a to-one include, by its own key',
    'Post',
    { where: { id: 1 }, include: { author: true } },
    { id: 1, authorId: 7, author: { id: 7, name: 'a' } },
    [['app_user', [{ id: 7 }]]],
  ],
  [
    'the row of a to-one include by the foreign key, if its own key is not selected',
    'Post',
    { include: { author: { select: { name: true } } } },
    { id: 1, authorId: 7, author: { name: 'a' } },
    [['app_user', [{ id: 7 }]]],
  ],
  [
    'unknown if neither key is selected',
    'Post',
    { select: { author: { select: { name: true } } } },
    { author: { name: 'a' } },
    [['app_user', undefined]],
  ],
  [
    'no row if the foreign key is NULL',
    'Post',
    { include: { editor: true } },
    { id: 1, editorId: null, editor: null },
    [['app_user', []]],
  ],
  [
    'unknown if the foreign key is not NULL and the row is missing or filtered out',
    'Post',
    { include: { editor: { where: { name: 'a' } } } },
    { id: 1, editorId: 3, editor: null },
    [['app_user', undefined]],
  ],
  [
    'unknown if a NULL foreign key is not selected',
    'Post',
    { select: { id: true, editor: true } },
    { id: 1, editor: null },
    [['app_user', undefined]],
  ],
  [
    'the other side of a one-to-one relation, if it exists',
    'User',
    { include: { profile: true } },
    { id: 1, profile: { id: 4, userId: 1 } },
    [['app_profile', [{ user_id: 1 }]]],
  ],
  [
    'unknown for the other side of a one-to-one relation that does not exist yet',
    'User',
    { include: { profile: true } },
    { id: 1, profile: null },
    [['app_profile', undefined]],
  ],
  [
    'children by the key of their parent, whatever filters them',
    'User',
    { where: { email: 'a' }, include: { posts: { where: { published: true }, take: 2 } } },
    { id: 1, email: 'a', posts: [] },
    [['blog_posts', [{ author_id: 1 }]]],
  ],
  [
    'unknown for children of a parent without its key',
    'User',
    { select: { email: true, posts: true } },
    { email: 'a', posts: [] },
    [['blog_posts', undefined]],
  ],
  [
    'counted children by the key of their parent',
    'User',
    { include: { _count: { select: { posts: true } } } },
    { id: 1, _count: { posts: 2 } },
    [['blog_posts', [{ author_id: 1 }]]],
  ],
  [
    'rows and join rows of a many-to-many include',
    'Post',
    { include: { tags: true } },
    { id: 1, tags: [{ id: 3 }, { id: 5 }] },
    [
      ['blog_tags', [{ id: 3 }, { id: 5 }]],
      ['_posttotag', [{ A: 1 }]],
    ],
  ],
  [
    'only join rows if a many-to-many include filters rows',
    'Post',
    { include: { tags: { where: { name: 'a' } } } },
    { id: 1, tags: [{ id: 3 }] },
    [['_posttotag', [{ A: 1 }]]],
  ],
  [
    'rows at any depth',
    'Comment',
    { include: { post: { include: { author: { include: { profile: true } } } } } },
    { postId: 2, post: { id: 2, authorId: 7, author: { id: 7, profile: { id: 1, userId: 7 } } } },
    [
      ['blog_posts', [{ id: 2 }]],
      ['app_user', [{ id: 7 }]],
      ['app_profile', [{ user_id: 7 }]],
    ],
  ],
  [
    'a foreign key of two columns',
    'Badge',
    { include: { membership: true } },
    { userId: 1, groupId: 2, membership: { userId: 1, groupId: 2, level: 0 } },
    [['app_membership', [{ user_id: 1, group_id: 2 }]]],
  ],
  [
    'no row if part of a foreign key of two columns is NULL',
    'Badge',
    { include: { membership: true } },
    { userId: 1, groupId: null, membership: null },
    [['app_membership', []]],
  ],
]

describe('the result dependencies of a read are', () => {
  test.each(cases)('%s', (_, model, args, result, expected) => {
    expect(dependenciesOf('findFirst', model, args, result)).toEqual(expected)
    // Of many rows it tells what each of them tells.
    const twice = expected.map(([table, values]) => [table, values && [...values, ...values]])
    expect(dependenciesOf('findMany', model, args, [result, result])).toEqual(twice)
  })

  test('unknown in a result of an unexpected form', () => {
    const args = { include: { author: { include: { profile: true } }, tags: true } }
    for (const result of [undefined, 7, 'row', [null], [{ author: 'x', tags: 'x' }], [{ authorId: 1.5 }]]) {
      const values = dependenciesOf('findMany', 'Post', args, result).map(([, rowsFound]) => rowsFound)
      expect(values).toEqual([undefined, undefined, undefined, undefined])
    }
  })

  test('no row for a read that found none', () => {
    expect(
      dependenciesOf('findUnique', 'Post', { where: { id: 1 }, include: { author: true } }, null),
    ).toEqual([['app_user', []]])
  })

  test('the row of the fluent API, by its own key', () => {
    const args = { where: { id: 1 }, select: { author: true } }
    expect(dependenciesOf('findUnique', 'Post', args, { id: 7 }, ['select', 'author'])).toEqual([
      ['app_user', [{ id: 7 }]],
    ])
    expect(dependenciesOf('findUnique', 'Post', args, null, ['select', 'author'])).toEqual([
      ['app_user', undefined],
    ])
  })

  test('unaffected by tables in filters and orderings', () => {
    const args = { where: { author: { name: 'a' } }, orderBy: { category: { name: 'asc' } } }
    expect(dependenciesOf('findMany', 'Post', args, [{ id: 1, authorId: 7 }])).toEqual([])
  })

  describe.each([
    ['under relationMode = "prisma"', { ...datamodel, relationMode: 'prisma' as const }],
    ['on SQLite, which enforces foreign keys only per connection', { ...datamodel, provider: 'sqlite' }],
  ])('no row behind a join table %s', (_, unenforced) => {
    const names = modelMapOf(unenforced)
    const joinRows = [['_posttotag', [{ A: 1 }]]]

    test('in an include', () => {
      const result = { id: 1, tags: [{ id: 3 }] }
      expect(dependenciesOf('findFirst', 'Post', { include: { tags: true } }, result, [], names)).toEqual(
        joinRows,
      )
    })

    test('in an include of an include', () => {
      const args = { include: { post: { include: { tags: true } } } }
      const result = { postId: 1, post: { id: 1, tags: [{ id: 3 }] } }
      const expected = [['blog_posts', [{ id: 1 }]], ...joinRows]
      expect(dependenciesOf('findFirst', 'Comment', args, result, [], names)).toEqual(expected)
    })

    test('in a relation of a table to itself', () => {
      const result = { id: 1, followers: [{ id: 2 }] }
      const dependencies = dependenciesOf(
        'findFirst',
        'User',
        { include: { followers: true } },
        result,
        [],
        names,
      )
      expect(dependencies.map(([table]) => table)).not.toContain('app_user')
      expect(dependencies).toHaveLength(1)
    })

    test('in the fluent API', () => {
      const args = { where: { id: 1 }, select: { tags: true } }
      const dependencies = dependenciesOf('findUnique', 'Post', args, [{ id: 3 }], ['select', 'tags'], names)
      expect(dependencies.map(([table]) => table)).toEqual(['_posttotag'])
    })
  })
})
