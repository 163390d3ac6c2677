import { newPost, postChanges } from './nested-writes.ts'
import type { Make } from './operation.ts'

/** Writes of posts, and of what hangs on them. */
export const posts: readonly Make[] = [
  (s) => ['post', 'create', { data: newPost(s, 2, true) }],
  (s) => ['post', 'create', { data: newPost(s, 1, true), select: { title: true } }],
  (s) => [
    'post',
    'createMany',
    {
      data: [
        { title: 'q1', authorId: s.keys.user() },
        { title: 'q2', authorId: s.keys.user(), categoryId: s.keys.category() },
      ],
    },
  ],
  (s) => [
    'post',
    'createManyAndReturn',
    { data: [{ title: 'q3', authorId: s.keys.user() }], include: { author: true } },
  ],
  (s) => ['post', 'update', { where: { id: s.keys.post() }, data: postChanges(s, 2) }],
  (s) => ['post', 'update', { where: { id: s.keys.post() }, data: postChanges(s, 1), select: { id: true } }],
  (s) => ['post', 'update', { where: { id: s.keys.post() }, data: { authorId: s.keys.user() } }],
  (s) => [
    'post',
    'update',
    { where: { id: s.keys.post() }, data: { editorId: s.random.chance(0.5) ? s.keys.user() : null } },
  ],
  (s) => ['post', 'update', { where: { id: s.keys.post() }, data: { id: s.keys.newId(s.existing.posts) } }],
  (s) => ['post', 'updateMany', { where: { authorId: s.keys.user() }, data: { views: { increment: 1 } } }],
  (s) => [
    'post',
    'updateMany',
    { where: { authorId: s.keys.user() }, data: { authorId: s.keys.user() }, limit: 1 },
  ],
  (s) => ['post', 'updateMany', { where: { editorId: s.keys.user() }, data: { editorId: s.keys.user() } }],
  (s) => ['post', 'updateMany', { where: { author: { email: s.keys.email() } }, data: { categoryId: null } }],
  (s) => [
    'post',
    'updateManyAndReturn',
    { where: { categoryId: s.keys.category() }, data: { categoryId: s.keys.category() } },
  ],
  (s) => [
    'post',
    'upsert',
    { where: { id: s.random.int(1, 7) }, create: newPost(s, 1, true), update: postChanges(s, 2) },
  ],
  (s) => ['post', 'delete', { where: { id: s.keys.post() } }],
  (s) => ['post', 'delete', { where: { id: s.keys.post() }, select: { title: true } }],
  () => ['post', 'deleteMany', { where: { id: { gt: 6 } } }],
  (s) => ['post', 'deleteMany', { where: { authorId: s.keys.user(), published: false } }],
]
