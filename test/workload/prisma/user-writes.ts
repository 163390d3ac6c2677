import { nestedPosts, nestedProfile, nestedUsers, newUser, userFields } from './nested-writes.ts'
import type { Make } from './operation.ts'

/** Writes of users, alone and with what belongs to them. */
export const users: readonly Make[] = [
  (s) => ['user', 'create', { data: newUser(s, 2) }],
  (s) => ['user', 'create', { data: newUser(s, 0), select: { email: true } }],
  (s) => [
    'user',
    'createMany',
    { data: [newUser(s, 0), newUser(s, 0)], skipDuplicates: s.random.chance(0.7) },
  ],
  (s) => ['user', 'createManyAndReturn', { data: [newUser(s, 0), newUser(s, 0)], skipDuplicates: true }],
  (s) => ['user', 'update', { where: { id: s.keys.user() }, data: userFields(s) }],
  (s) => ['user', 'update', { where: { email: s.keys.email() }, data: { email: s.keys.newEmail() } }],
  (s) => ['user', 'update', { where: { id: s.keys.user() }, data: { id: s.keys.newId(s.existing.users) } }],
  (s) => [
    'user',
    'update',
    { where: { id: s.keys.user() }, data: { id: { increment: 1 } }, select: { email: true } },
  ],
  (s) => [
    'user',
    'update',
    { where: { id: s.keys.user() }, data: { posts: nestedPosts(s, 1, false) }, include: { posts: true } },
  ],
  (s) => [
    'user',
    'update',
    { where: { email: s.keys.email() }, data: { ...userFields(s), profile: nestedProfile(s, false) } },
  ],
  (s) => [
    'user',
    'update',
    {
      where: { id: s.keys.user() },
      data: { followers: nestedUsers(s, 1, false), following: nestedUsers(s, 0, false) },
    },
  ],
  (s) => [
    'user',
    'update',
    {
      where: { id: s.keys.user() },
      data: {
        edits: s.random.pick([
          { set: [{ id: s.keys.post() }] },
          { connect: { id: s.keys.post() } },
          { disconnect: { id: s.keys.post() } },
          { set: [] },
        ]),
      },
    },
  ],
  (s) => [
    'user',
    'update',
    {
      where: { id: s.keys.user() },
      data: {
        memberships: s.random.pick([
          { create: { groupId: s.keys.group() } },
          { deleteMany: {} },
          { updateMany: { where: {}, data: { level: { increment: 1 } } } },
        ]),
      },
    },
  ],
  (s) => ['user', 'updateMany', { where: { id: { in: [1, 2] } }, data: userFields(s) }],
  () => ['user', 'updateMany', { where: { posts: { some: { published: true } } }, data: { role: 'ADMIN' } }],
  () => ['user', 'updateManyAndReturn', { where: { role: 'ADMIN' }, data: { role: 'MEMBER' } }],
  (s) => [
    'user',
    'upsert',
    { where: { email: s.keys.newEmail() }, create: newUser(s, 0), update: userFields(s) },
  ],
  (s) => {
    const email = s.keys.newEmail()
    return ['user', 'upsert', { where: { email }, create: { email }, update: { name: 'up' } }]
  },
  (s) => [
    'user',
    'upsert',
    {
      where: { id: s.random.int(1, 7) },
      create: newUser(s, 1),
      update: { email: s.keys.newEmail() },
      select: { role: true },
    },
  ],
  (s) => ['user', 'delete', { where: { id: s.keys.user() } }],
  (s) => ['user', 'delete', { where: { email: s.keys.email() }, include: { posts: true } }],
  () => ['user', 'deleteMany', { where: { id: { gt: 4 } } }],
]
