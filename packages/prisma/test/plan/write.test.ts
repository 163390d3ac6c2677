import { type Change, UNKNOWN } from '@larder/core/host'
import { describe, expect, test } from 'vitest'
import { type PlannedWrite, planWrite, type WriteContext } from '../../src/plan/write.ts'
import { FieldRef, models, skip } from './models.ts'

const plan = (operation: string, model: string, args: unknown, context?: WriteContext): PlannedWrite =>
  planWrite(operation, model, args, models, context)

const first = (operation: string, model: string, args: unknown): Change | undefined =>
  plan(operation, model, args).changes[0]

/** Changes after those of the model's own rows, as `effect table`, each once. */
const nested = (operation: string, model: string, args: unknown, ownChanges = 1): readonly string[] => {
  const changes = plan(operation, model, args).changes.slice(ownChanges)
  return [...new Set(changes.map(({ effect, table }) => `${effect} ${table}`))].sort()
}

const everything = new Set(plan('unheard', 'User', {}).changes.map(({ table }) => table))

describe('the rows of an update are derived from', () => {
  test.each([
    ['the unique key', 'update', { where: { id: 1 }, data: { title: 'n' } }, { id: [1] }],
    [
      'the unique key and further filters',
      'update',
      { where: { id: 1, authorId: 2 }, data: { title: 'n' } },
      { id: [1], author_id: [2] },
    ],
    [
      'any filter of updateMany',
      'updateMany',
      { where: { authorId: { in: [1, 2] } }, data: { title: 'n' } },
      { author_id: [1, 2] },
    ],
    [
      'nothing, if a value is undefined',
      'updateMany',
      { where: { id: undefined }, data: { title: 'n' } },
      undefined,
    ],
    ['nothing, if a value is skipped', 'deleteMany', { where: { id: skip } }, undefined],
    ['nothing, without a filter', 'deleteMany', undefined, undefined],
    ['nothing, of NULL', 'deleteMany', { where: { editorId: null } }, undefined],
    ['nothing, for an OR', 'deleteMany', { where: { OR: [{ id: 1 }] } }, undefined],
    [
      'the key only, with a limit',
      'updateMany',
      { where: { id: 1, authorId: 2 }, data: { title: 'n' }, limit: 1 },
      { id: [1] },
    ],
    [
      'nothing, with a relation filter',
      'deleteMany',
      { where: { authorId: 2, author: { email: 'a' } } },
      undefined,
    ],
    [
      'the key only, with nested writes',
      'update',
      { where: { id: 1, authorId: 2 }, data: { author: { connect: { id: 3 } } } },
      { id: [1] },
    ],
    [
      'the key only, with an unknown filter',
      'deleteMany',
      { where: { id: 1, authorId: 2, views: { near: 1 } } },
      { id: [1] },
    ],
    ['the key of a delete', 'delete', { where: { id: 1 } }, { id: [1] }],
  ] as const)('%s', (_fact, operation, args, before) => {
    expect(first(operation, 'Post', args)?.before).toEqual(before)
  })
})

test('no rows are derived from filters if the client emulates foreign keys', () => {
  const context = { provider: 'postgresql', relationMode: 'prisma' } as const
  const { changes, returned } = plan('delete', 'Post', { where: { id: 1 } }, context)
  expect(changes).toEqual([{ table: 'blog_posts', effect: 'delete' }])
  expect(returned?.({ id: 1, authorId: 2 }, 0)).toEqual([{ id: 1, author_id: 2 }])
})

describe('the columns changed by an update are derived from', () => {
  test.each([
    ['a literal', 'Post', { authorId: 3 }, { author_id: 3 }],
    ['set', 'Post', { authorId: { set: 3 } }, { author_id: 3 }],
    ['NULL', 'Post', { editorId: null }, { editor_id: null }],
    ['an expression', 'Post', { authorId: { increment: 1 } }, { author_id: UNKNOWN }],
    ['an undefined set', 'Post', { authorId: { set: undefined } }, { author_id: UNKNOWN }],
    ['no undefined or skipped field', 'Post', { authorId: undefined, editorId: skip }, {}],
    ['a number that Prisma truncates', 'Post', { authorId: 1.5 }, { author_id: UNKNOWN }],
    ['a reference', 'Post', { authorId: new FieldRef() }, { author_id: UNKNOWN }],
    ['an enum by its name in the database', 'Order', { status: 'PAID' }, { status: 'paid' }],
    [
      'fields that the client sets by itself',
      'Stock',
      { warehouse: 'w' },
      { warehouse: 'w', updated_at: UNKNOWN },
    ],
    ['a connect by the referenced column', 'Post', { author: { connect: { id: 3 } } }, { author_id: 3 }],
    ['a connect by another column', 'Post', { author: { connect: { email: 'a' } } }, { author_id: UNKNOWN }],
    [
      'a compound connect',
      'Badge',
      { membership: { connect: { userId_groupId: { userId: 1, groupId: 2 } } } },
      { user_id: 1, group_id: 2 },
    ],
    [
      'a connect or create',
      'Post',
      { author: { connectOrCreate: { where: { id: 3 }, create: { email: 'a' } } } },
      { author_id: UNKNOWN },
    ],
    ['a disconnect', 'Post', { editor: { disconnect: true } }, { editor_id: UNKNOWN }],
    ['nothing, for disconnect: false', 'Post', { editor: { disconnect: false } }, {}],
    ['nothing, for a change of the other side', 'Post', { author: { update: { name: 'n' } } }, {}],
  ] as const)('%s', (_fact, model, data, sets) => {
    expect(first('update', model, { where: { id: 1 }, data })?.sets).toEqual(sets)
  })
})

describe('an inserted row', () => {
  test('an inserted row has its literals, NULL for omitted optional fields, and unknown defaults', () => {
    expect(first('create', 'Post', { data: { title: 'n', author: { connect: { id: 3 } } } })).toEqual({
      table: 'blog_posts',
      effect: 'insert',
      sets: {
        id: UNKNOWN,
        title: 'n',
        body: UNKNOWN,
        published: UNKNOWN,
        views: UNKNOWN,
        author_id: 3,
        editor_id: null,
        category_id: null,
      },
    })
  })

  test('an inserted row is one change per row of createMany', () => {
    const { changes } = plan('createMany', 'Comment', {
      data: [
        { text: 'a', postId: 1 },
        { text: 'b', postId: 2 },
      ],
    })
    expect(changes.map(({ effect, sets }) => [effect, sets?.post_id])).toEqual([
      ['insert', 1],
      ['insert', 2],
    ])
  })

  test('an inserted row is unknown if more than a hundred rows are inserted', () => {
    const data = Array.from({ length: 101 }, () => ({ text: 'a', postId: 1 }))
    expect(plan('createMany', 'Comment', { data }).changes).toEqual([
      { table: 'blog_comments', effect: 'insert' },
    ])
  })

  test('an inserted row has an unknown foreign key where its default applies', () => {
    expect(first('create', 'Ticket', { data: { title: 'n' } })?.sets?.assignee_id).toBe(UNKNOWN)
  })
})

describe('an upsert', () => {
  test('an upsert changes the row of its unique key or inserts one, as two separate changes', () => {
    const args = {
      where: { id: 1, authorId: 2 },
      create: { title: 'n', authorId: 3 },
      update: { authorId: 4 },
    }
    const { changes } = plan('upsert', 'Post', args)
    expect(changes.map(({ effect, before, sets }) => [effect, before, sets?.author_id])).toEqual([
      ['upsert', { id: [1] }, 4],
      ['insert', undefined, 3],
    ])
  })

  test('an upsert returns its row for both changes', () => {
    const args = {
      where: { id: 1 },
      create: { title: 'n', authorId: 3 },
      update: {},
      select: { authorId: true },
    }
    const { returned } = plan('upsert', 'Post', args)
    expect([0, 1, 2].map((index) => returned?.({ authorId: 7 }, index))).toEqual([
      [{ author_id: 7 }],
      [{ author_id: 7 }],
      undefined,
    ])
  })
})

describe('the rows found in the result of a write', () => {
  const post = { id: 1, authorId: 2, editorId: null, author: { id: 2 }, computed: 5 }
  const row = { id: 1, author_id: 2, editor_id: null }

  test.each([
    ['create', { data: { title: 'n', authorId: 2 } }, post, [row]],
    ['update', { where: { id: 1 }, data: {} }, post, [row]],
    ['update', { where: { id: 1 }, data: {}, include: { author: true } }, post, [row]],
    ['delete', { where: { id: 1 } }, post, [row]],
    ['updateManyAndReturn', { data: { views: 1 } }, [post, { id: 2 }], [row, { id: 2 }]],
    ['updateManyAndReturn', { data: { views: 1 } }, [], []],
    ['updateMany', { data: { views: 1 } }, { count: 1 }, undefined],
    ['createMany', { data: [] }, { count: 1 }, undefined],
    ['deleteMany', {}, { count: 1 }, undefined],
    ['create', { data: { title: 'n', authorId: 2 } }, null, undefined],
    // Read by a statement before the DELETE: another transaction may have changed the row in between.
    ['delete', { where: { id: 1 }, include: { author: true } }, post, undefined],
    ['delete', { where: { id: 1 }, select: { id: true, _count: true } }, post, undefined],
  ] as const)('%s %j', (operation, args, result, rows) => {
    expect(plan(operation, 'Post', args, { provider: 'postgresql' }).returned?.(result, 0)).toEqual(rows)
  })

  test('a delete returns no rows on a database that cannot return it', () => {
    expect(plan('delete', 'Post', { where: { id: 1 } }, { provider: 'mysql' }).returned).toBeUndefined()
  })

  test('a write through the fluent API returns no rows, because its result is the relation and not the row', () => {
    const args = { where: { id: 1 }, data: { title: 'n' }, select: { author: true } }
    expect(plan('update', 'Post', args, { dataPath: ['select', 'author'] }).returned).toBeUndefined()
  })

  test('returned rows have enums by their names in the database', () => {
    const { returned } = plan('update', 'User', { where: { id: 1 }, data: {} })
    expect(returned?.({ role: 'ADMIN' }, 0)).toEqual([{ role: 'administrator' }])
  })

  test('createManyAndReturn returns one row per change', () => {
    const { returned } = plan('createManyAndReturn', 'Tag', { data: [{ name: 'a' }, { name: 'b' }] })
    expect(returned?.([{ id: 1 }, { id: 2 }], 1)).toEqual([{ id: 2 }])
  })

  test('createManyAndReturn returns all rows for each change if it skipped some', () => {
    const { returned } = plan('createManyAndReturn', 'Tag', {
      data: [{ name: 'a' }, { name: 'b' }],
      skipDuplicates: true,
    })
    expect(returned?.([{ id: 2 }], 1)).toEqual([{ id: 2 }])
  })
})

describe('nested writes', () => {
  test.each([
    ['a connect of a to-one relation', 'Post', { author: { connect: { id: 1 } } }, []],
    [
      'a one-to-one connect, including the row that is disconnected',
      'Profile',
      { user: { connect: { id: 1 } } },
      ['update app_profile'],
    ],
    ['a connect of a to-many relation', 'User', { posts: { connect: { id: 1 } } }, ['update blog_posts']],
    ['a set of a to-many relation', 'User', { posts: { set: [] } }, ['update blog_posts']],
    ['a create in a to-many relation', 'User', { posts: { create: { title: 'n' } } }, ['insert blog_posts']],
    [
      'a one-to-one create, including the row that is disconnected',
      'User',
      { profile: { create: { bio: 'n' } } },
      ['insert app_profile', 'update app_profile'],
    ],
    ['a create in a to-one relation', 'Post', { author: { create: { email: 'n' } } }, ['insert app_user']],
    ['a join table', 'Post', { tags: { connect: { id: 1 } } }, ['insert _posttotag']],
    ['a join table, disconnected', 'Post', { tags: { disconnect: { id: 1 } } }, ['delete _posttotag']],
    ['a join table, set', 'Post', { tags: { set: [{ id: 1 }] } }, ['delete _posttotag', 'insert _posttotag']],
    [
      'a create behind a join table',
      'Post',
      { tags: { create: { name: 'n' } } },
      ['insert _posttotag', 'insert blog_tags'],
    ],
    [
      'an update in a to-many relation',
      'User',
      { posts: { updateMany: { where: {}, data: { views: 1 } } } },
      ['update blog_posts'],
    ],
    [
      'an upsert in a to-many relation',
      'User',
      { posts: { upsert: { where: { id: 1 }, create: { title: 'n' }, update: {} } } },
      ['insert blog_posts', 'update blog_posts'],
    ],
    ['a delete', 'User', { posts: { deleteMany: {} } }, ['delete blog_posts']],
    ['delete: false', 'User', { profile: { delete: false } }, []],
    [
      'any depth',
      'User',
      {
        posts: {
          update: {
            where: { id: 1 },
            data: { category: { create: { name: 'n', parent: { connect: { id: 1 } } } } },
          },
        },
      },
      ['insert blog_categories', 'update blog_posts'],
    ],
  ] as const)('%s', (_fact, model, data, expected) => {
    expect(nested('update', model, { where: { id: 1 }, data })).toEqual(expected)
  })

  test('a nested row takes an unknown foreign key from its parent', () => {
    const { changes } = plan('create', 'User', {
      data: { email: 'n', posts: { create: { title: 'n', categoryId: 4 } } },
    })
    expect(changes[1]?.sets).toMatchObject({ author_id: UNKNOWN, category_id: 4 })
  })

  test('a nested row with an optional foreign key still takes it from its parent', () => {
    const edits = { create: { title: 'n', authorId: 3 } }
    const { changes } = plan('update', 'User', { where: { id: 1 }, data: { edits } })
    expect(changes[1]?.sets).toMatchObject({ author_id: 3, editor_id: 1 })
  })

  const nestedIn = (data: object, where: object = { id: 1 }, context?: WriteContext) =>
    plan('update', 'User', { where, data }, context).changes.slice(1)

  test.each([
    ['update', { update: { where: { id: 5 }, data: { views: 1 } } }, { id: [5] }],
    ['updateMany', { updateMany: { where: { id: { in: [5, 6] } }, data: { views: 1 } } }, { id: [5, 6] }],
    ['delete', { delete: { id: 5 } }, { id: [5] }],
    ['deleteMany', { deleteMany: [{ id: 5, title: 'n' }] }, { id: [5] }],
    ['connect', { connect: { id: 5 } }, { id: [5] }],
  ] as const)('%s of a row by its primary key derives that row', (_operation, posts, before) => {
    expect(nestedIn({ posts }).map((change) => change.before)).toEqual([before])
  })

  test('a filter by another column derives no rows, because it may no longer match when the row is written', () => {
    const posts = { updateMany: { where: { authorId: 1, title: 'n' }, data: { views: 1 } } }
    expect(nestedIn({ posts })[0]?.before).toBeUndefined()
  })

  test('no rows are derived if the client performs referential actions itself', () => {
    const posts = { update: { where: { id: 5 }, data: { views: 1 } }, create: { title: 'n' } }
    const changes = nestedIn({ posts }, { id: 1 }, { relationMode: 'prisma' })
    expect(changes.find(({ effect }) => effect === 'update')?.before).toBeUndefined()
    expect(changes.find(({ effect }) => effect === 'insert')?.sets).toMatchObject({ author_id: UNKNOWN })
  })

  test('a parent whose key changes or is not in the filter provides no foreign key', () => {
    const posts = { create: { title: 'n' } }
    expect(nestedIn({ id: 2, posts })[0]?.sets).toMatchObject({ author_id: UNKNOWN })
    expect(nestedIn({ posts }, { email: 'a@x' })[0]?.sets).toMatchObject({ author_id: UNKNOWN })
  })

  test('the returned parent provides the foreign key of its new rows', () => {
    const args = { where: { email: 'a@x' }, data: { posts: { create: [{ title: 'n' }, { title: 'm' }] } } }
    const { returned } = plan('update', 'User', args)
    const result = { id: 7, email: 'a@x' }
    expect([1, 2, 3].map((index) => returned?.(result, index))).toEqual([
      [{ author_id: 7 }],
      [{ author_id: 7 }],
      undefined,
    ])
    expect(returned?.({ email: 'a@x' }, 1)).toEqual([{}])
  })

  test('rows of a join table are derived by both sides', () => {
    const change = (tags: object) =>
      plan('update', 'Post', { where: { id: 1 }, data: { tags } }).changes.slice(1)
    expect(change({ connect: { id: 5 } })).toMatchObject([{ sets: { A: 1, B: 5 } }])
    expect(change({ disconnect: { id: 5 } })).toMatchObject([{ before: { A: [1], B: [5] } }])
    expect(change({ set: [{ id: 5 }] })).toMatchObject([{ before: { A: [1] } }, { sets: { A: 1, B: 5 } }])
  })

  test('both branches of an upsert are included', () => {
    const args = {
      where: { id: 1 },
      create: { email: 'n', profile: { create: { bio: 'n' } } },
      update: { posts: { create: { title: 'n' } } },
    }
    expect(nested('upsert', 'User', args, 2)).toEqual([
      'insert app_profile',
      'insert blog_posts',
      'update app_profile',
    ])
  })

  test('more than a hundred rows are one change of unknown rows per table', () => {
    const posts = { create: Array.from({ length: 101 }, () => ({ title: 'n' })) }
    expect(plan('create', 'User', { data: { email: 'n', posts } }).changes.slice(1)).toEqual([
      { table: 'blog_posts', effect: 'insert' },
    ])
  })
})

describe('a write changes every table if it has an unknown', () => {
  test('a write changes every table if it has an unknown operation, including join tables', () => {
    expect(everything).toContain('blog_posts')
    expect(everything).toContain('_posttotag')
    expect(everything.size).toBe(models.names.length + 2)
  })

  test.each([
    ['operation', 'merge', 'User', { where: { id: 1 } }],
    ['argument', 'update', 'User', { where: { id: 1 }, data: {}, cascade: true }],
    ['field', 'update', 'User', { where: { id: 1 }, data: { nothing: 1 } }],
    ['nested operation', 'update', 'User', { where: { id: 1 }, data: { posts: { merge: {} } } }],
    ['nested field', 'create', 'User', { data: { email: 'n', posts: { create: { nothing: 1 } } } }],
    ['type of data', 'create', 'User', { data: { toJSON: () => ({ email: 'n' }) } }],
    ['(missing) data', 'create', 'User', {}],
    ['model', 'update', 'Ghost', { where: { id: 1 }, data: {} }],
  ] as const)('%s', (_fact, operation, model, args) => {
    const planned = plan(operation, model, args)
    expect(new Set(planned.changes.map(({ table }) => table))).toEqual(everything)
    expect(planned.changes.every(({ effect }) => effect === 'unknown')).toBe(true)
    expect(planned.returned).toBeUndefined()
  })
})
