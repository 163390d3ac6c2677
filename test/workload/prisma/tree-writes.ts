import { nestedTags, postChanges, userFields } from './nested-writes.ts'
import type { Make } from './operation.ts'

/** Writes of comments, tags, categories and profiles. */
export const others: readonly Make[] = [
  (s) => ['comment', 'create', { data: { text: 'k', postId: s.keys.post(), authorId: s.keys.user() } }],
  (s) => [
    'comment',
    'update',
    { where: { id: s.keys.comment() }, data: { post: { connect: { id: s.keys.post() } } } },
  ],
  (s) => [
    'comment',
    'update',
    { where: { id: s.keys.comment() }, data: { post: { update: { data: postChanges(s, 1) } } } },
  ],
  () => ['comment', 'deleteMany', { where: { id: { gt: 6 } } }],
  (s) => [
    'tag',
    'create',
    {
      data: {
        id: s.keys.newId(s.existing.tags, 5),
        name: `t${s.random.int(1, 5)}`,
        posts: { connect: { id: s.keys.post() } },
      },
    },
  ],
  (s) => [
    'tag',
    'update',
    {
      where: { id: s.keys.tag() },
      data: {
        posts: s.random.pick([
          { set: [{ id: s.keys.post() }] },
          { connect: { id: s.keys.post() } },
          { disconnect: { id: s.keys.post() } },
          { deleteMany: { published: false } },
        ]),
      },
    },
  ],
  (s) => [
    'tag',
    'update',
    { where: { name: `t${s.random.int(1, 5)}` }, data: { name: `t${s.random.int(1, 5)}` } },
  ],
  (s) => ['tag', 'delete', { where: { id: s.keys.tag() } }],
  (s) => ['post', 'update', { where: { id: s.keys.post() }, data: { tags: nestedTags(s, false) } }],
  (s) => [
    'category',
    'create',
    {
      data: {
        id: s.keys.newId(s.existing.categories, 4),
        name: 'c',
        parentId: s.random.chance(0.5) ? s.keys.category() : null,
      },
    },
  ],
  (s) => [
    'category',
    'update',
    {
      where: { id: s.keys.category() },
      data: {
        children: s.random.pick([
          { set: [{ id: s.keys.category() }] },
          { create: { name: 'c7' } },
          { disconnect: { id: s.keys.category() } },
        ]),
      },
    },
  ],
  (s) => [
    'category',
    'update',
    {
      where: { id: s.keys.category() },
      data: { id: s.keys.newId(s.existing.categories, 4), posts: { connect: { id: s.keys.post() } } },
    },
  ],
  (s) => ['category', 'delete', { where: { id: s.keys.category() } }],
  (s) => [
    'profile',
    'update',
    {
      where: { userId: s.keys.user() },
      data: {
        bio: `b${s.random.int(1, 3)}`,
        user: s.random.pick([{ update: userFields(s) }, { connect: { id: s.keys.user() } }]),
      },
    },
  ],
  (s) => [
    'profile',
    'upsert',
    {
      where: { userId: s.keys.user() },
      create: { bio: 'b1', userId: s.keys.user() },
      update: { userId: s.keys.user() },
    },
  ],
  (s) => ['profile', 'deleteMany', { where: { userId: s.keys.user() } }],
]
