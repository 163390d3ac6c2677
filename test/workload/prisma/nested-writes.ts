import { Prisma } from '../../../prisma/generated/client/client.ts'
import type { Random } from '../../support/random.ts'
import type { ExistingKeys, Keys } from './rows.ts'

/** What random data is made from. */
export interface Source {
  readonly random: Random
  readonly keys: Keys
  readonly existing: ExistingKeys
}

type Data = Record<string, unknown>

/** Columns of a user, of every kind of value. */
export function userFields({ random: { pick, int, chance } }: Source): Data {
  return pick([
    () => ({ name: `n${int(1, 4)}` }),
    () => ({ name: { set: null } }),
    () => ({ role: pick(['ADMIN', 'MEMBER', 'GUEST']) }),
    () => ({ preferences: chance(0.5) ? { k: int(1, 3) } : pick([Prisma.JsonNull, Prisma.DbNull]) }),
    () => ({ avatar: new Uint8Array([int(0, 255), int(0, 255)]) }),
    () => ({}),
  ])()
}

export function newUser(source: Source, depth: number): Data {
  const { random, keys, existing } = source
  const { chance } = random
  return {
    ...(chance(0.8) && { id: keys.newId(existing.users) }),
    email: keys.newEmail(),
    name: `n${random.int(1, 4)}`,
    ...(depth > 0 && chance(0.3) && { profile: nestedProfile(source, true) }),
    ...(depth > 0 && chance(0.4) && { posts: nestedPosts(source, depth - 1, true) }),
    ...(depth > 0 && chance(0.2) && { followers: nestedUsers(source, depth - 1, true) }),
    ...(depth > 0 &&
      chance(0.2) && { memberships: { create: { group: { connect: { id: keys.group() } } } } }),
  }
}

export function newPost(source: Source, depth: number, withAuthor: boolean): Data {
  const { random, keys, existing } = source
  const { chance, int } = random
  const author = (): Data =>
    depth > 0 && chance(0.3)
      ? { author: { connectOrCreate: { where: { email: keys.email() }, create: newUser(source, 0) } } }
      : { author: { connect: chance(0.5) ? { id: keys.user() } : { email: keys.email() } } }
  // Prisma takes either an id and foreign keys, or relations.
  const links = (): Data => ({
    ...(withAuthor && author()),
    ...(chance(0.3) && { editor: { connect: { id: keys.user() } } }),
    ...(chance(0.3) && { category: { connect: { id: keys.category() } } }),
  })
  const scalars = (): Data => ({
    id: keys.newId(existing.posts),
    ...(withAuthor && { authorId: keys.user() }),
    ...(chance(0.3) && { editorId: keys.user() }),
    ...(chance(0.3) && { categoryId: keys.category() }),
  })
  return {
    ...(chance(0.6) ? scalars() : links()),
    title: `p${int(1, 9)}`,
    views: int(0, 3),
    published: chance(0.5),
    ...(depth > 0 && chance(0.4) && { tags: nestedTags(source, true) }),
    ...(depth > 0 && chance(0.3) && { comments: { create: { text: `k${int(1, 9)}` } } }),
  }
}

export function postChanges(source: Source, depth: number): Data {
  const { random, keys } = source
  const { pick, int, chance } = random
  const plain = (): Data =>
    pick([
      () => ({ title: `p${int(1, 9)}` }),
      () => ({ views: { increment: 1 } }),
      () => ({ published: chance(0.5) }),
      () => ({}),
    ])()
  if (depth < 1 || chance(0.4)) return plain()
  return {
    ...plain(),
    ...pick([
      () => ({ tags: nestedTags(source, false) }),
      () => ({ author: { connect: { id: keys.user() } } }),
      () => ({ author: { update: userFields(source) } }),
      () => ({
        editor: pick([
          { disconnect: true },
          { connect: { email: keys.email() } },
          { delete: true },
          { update: { name: 'n3' } },
          { create: newUser(source, 0) },
        ]),
      }),
      () => ({ category: nestedCategory(source) }),
      () => ({
        comments: pick([
          { create: [{ text: 'k8' }, { text: 'k9' }] },
          { deleteMany: {} },
          { connect: { id: keys.comment() } },
          { updateMany: { where: { text: { startsWith: 'k' } }, data: { text: `k${int(1, 9)}` } } },
          { set: [] },
          { upsert: { where: { id: keys.comment() }, create: { text: 'k7' }, update: { text: 'k6' } } },
        ]),
      }),
    ])(),
  }
}

/** Posts written from a user. */
export function nestedPosts(source: Source, depth: number, creating: boolean): Data {
  const { random, keys } = source
  const { pick, some, int } = random
  const fresh = [
    () => ({ create: [newPost(source, depth, false)] }),
    () => ({ createMany: { data: [{ title: 'm1', views: int(0, 3) }, { title: 'm2' }] } }),
    () => ({ connect: [{ id: keys.post() }] }),
    () => ({ connectOrCreate: { where: { id: keys.post() }, create: newPost(source, depth, false) } }),
  ]
  if (creating) return pick(fresh)()
  return pick([
    ...fresh,
    () => ({ update: { where: { id: keys.post() }, data: postChanges(source, depth) } }),
    () => ({ updateMany: { where: { published: true }, data: { views: { increment: 1 } } } }),
    () => ({
      upsert: {
        where: { id: keys.post() },
        create: newPost(source, depth, false),
        update: postChanges(source, depth),
      },
    }),
    () => ({ delete: { id: keys.post() } }),
    () => ({ deleteMany: { id: { in: some([1, 2, 3, 4, 5], 2) } } }),
  ])()
}

export function nestedTags(source: Source, creating: boolean): Data {
  const { random, keys } = source
  const { pick, int, some } = random
  const name = (): string => `t${int(1, 5)}`
  const fresh = [
    () => ({ connect: { id: keys.tag() } }),
    () => ({ create: { name: name() } }),
    () => ({ connectOrCreate: { where: { name: name() }, create: { name: name() } } }),
  ]
  if (creating) return pick(fresh)()
  return pick([
    ...fresh,
    () => ({ disconnect: [{ id: keys.tag() }] }),
    () => ({ set: some([1, 2, 3], 2).map((id) => ({ id })) }),
    () => ({ update: { where: { id: keys.tag() }, data: { name: name() } } }),
    () => ({ updateMany: { where: { id: keys.tag() }, data: { name: name() } } }),
    () => ({ upsert: { where: { name: name() }, create: { name: name() }, update: { name: name() } } }),
    () => ({ delete: { id: keys.tag() } }),
    () => ({ deleteMany: { name: name() } }),
  ])()
}

/** Users written from a user: the self relation. */
export function nestedUsers(source: Source, depth: number, creating: boolean): Data {
  const { random, keys } = source
  const { pick, some } = random
  const fresh = [() => ({ connect: { id: keys.user() } }), () => ({ create: newUser(source, depth) })]
  if (creating) return pick(fresh)()
  return pick([
    ...fresh,
    () => ({ disconnect: { id: keys.user() } }),
    () => ({ set: some([1, 2, 3, 4], 2).map((id) => ({ id })) }),
    () => ({ update: { where: { id: keys.user() }, data: userFields(source) } }),
    () => ({ deleteMany: { id: { gt: 999 } } }),
  ])()
}

export function nestedProfile(source: Source, creating: boolean): Data {
  const { random, keys, existing } = source
  const { pick, int, chance } = random
  const bio = (): Data => ({
    bio: `b${int(1, 3)}`,
    ...(chance(0.5) && { id: keys.newId(existing.profiles) }),
  })
  const fresh = [
    () => ({ create: bio() }),
    () => ({ connect: { id: keys.profile() } }),
    () => ({ connectOrCreate: { where: { id: keys.profile() }, create: bio() } }),
  ]
  if (creating) return pick(fresh)()
  return pick([
    ...fresh,
    () => ({ update: { bio: `b${int(1, 3)}` } }),
    () => ({ upsert: { create: bio(), update: { bio: `b${int(1, 3)}` } } }),
    () => ({ delete: true }),
  ])()
}

function nestedCategory({ random: { pick, int }, keys }: Source): Data {
  return pick([
    { connect: { id: keys.category() } },
    { disconnect: true },
    { create: { name: `c${int(1, 4)}`, parent: { connect: { id: keys.category() } } } },
    { update: { name: `c${int(1, 4)}` } },
    { upsert: { create: { name: 'c8' }, update: { name: 'c9', parent: { disconnect: true } } } },
  ])
}
