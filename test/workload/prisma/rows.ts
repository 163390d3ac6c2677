import type { RunSql } from '@larder/testing'
import type { PrismaClient } from '../../../prisma/generated/client/client.ts'
import type { Random } from '../../support/random.ts'

/** Keys that exist now, so that random writes mostly find what they name. */
export interface ExistingKeys {
  readonly users: readonly number[]
  readonly emails: readonly string[]
  readonly posts: readonly number[]
  readonly comments: readonly number[]
  readonly tags: readonly number[]
  readonly categories: readonly number[]
  readonly groups: readonly number[]
  readonly memberships: readonly (readonly [userId: number, groupId: number])[]
  readonly badges: readonly number[]
  readonly profiles: readonly number[]
  readonly tickets: readonly number[]
  readonly seats: readonly number[]
  readonly skus: readonly string[]
  readonly orders: readonly number[]
  readonly lines: readonly number[]
  readonly items: readonly number[]
}

const LISTS: Readonly<Record<keyof ExistingKeys, string>> = {
  users: 'SELECT json_agg(id ORDER BY id) FROM app_user',
  emails: 'SELECT json_agg(email ORDER BY id) FROM app_user',
  posts: 'SELECT json_agg(id ORDER BY id) FROM blog_posts',
  comments: 'SELECT json_agg(id ORDER BY id) FROM blog_comments',
  tags: 'SELECT json_agg(id ORDER BY id) FROM blog_tags',
  categories: 'SELECT json_agg(id ORDER BY id) FROM blog_categories',
  groups: 'SELECT json_agg(id ORDER BY id) FROM app_group',
  memberships:
    'SELECT json_agg(json_build_array(user_id, group_id) ORDER BY user_id, group_id) FROM app_membership',
  badges: 'SELECT json_agg(id ORDER BY id) FROM app_badge',
  profiles: 'SELECT json_agg(id ORDER BY id) FROM app_profile',
  tickets: 'SELECT json_agg(id ORDER BY id) FROM app_ticket',
  seats: 'SELECT json_agg(id ORDER BY id) FROM "Seat"',
  skus: 'SELECT json_agg(sku ORDER BY id) FROM inventory_stock',
  orders: 'SELECT json_agg(id ORDER BY id) FROM inventory_order',
  lines: 'SELECT json_agg(id ORDER BY id) FROM inventory_order_line',
  items: 'SELECT json_agg("ItemNo" ORDER BY "ItemNo") FROM "LegacyItems"',
}

export async function readExistingKeys(run: RunSql): Promise<ExistingKeys> {
  const parts = Object.entries(LISTS).map(([name, sql]) => `coalesce((${sql}), '[]') AS "${name}"`)
  const [row] = await run(`SELECT ${parts.join(', ')}`)
  return row as unknown as ExistingKeys
}

/** Rows with small ids in every table the battery reads. Generated ids begin at 1,000: nobody meets them by chance. */
export async function populate(db: PrismaClient, run: RunSql): Promise<void> {
  const sequences = await run(
    `SELECT sequence_name AS name FROM information_schema.sequences WHERE sequence_schema = 'public'`,
  )
  for (const { name } of sequences) await run(`SELECT setval('public."${String(name)}"', 1000)`)
  await db.user.createMany({
    data: ['a@x', 'b@x', 'c@x', 'd@x'].map((email, index) => ({
      id: index + 1,
      email,
      name: `n${index + 1}`,
    })),
  })
  await db.profile.createMany({ data: [1, 2].map((id) => ({ id, bio: `b${id}`, userId: id })) })
  await db.category.createMany({
    data: [
      { id: 1, name: 'c1' },
      { id: 2, name: 'c2', parentId: 1 },
    ],
  })
  await db.post.createMany({
    data: [
      { id: 1, title: 'p1', authorId: 1, editorId: 2, categoryId: 1, published: true },
      { id: 2, title: 'p2', authorId: 1, categoryId: 2 },
      { id: 3, title: 'p3', authorId: 2, editorId: 1 },
      { id: 4, title: 'p4', authorId: 4, editorId: 4 },
    ],
  })
  await db.comment.createMany({
    data: [
      { id: 1, text: 'k1', postId: 1, authorId: 2 },
      { id: 2, text: 'k2', postId: 1 },
      { id: 3, text: 'k3', postId: 3, authorId: 1 },
    ],
  })
  await db.tag.createMany({ data: [1, 2, 3].map((id) => ({ id, name: `t${id}` })) })
  await db.post.update({ where: { id: 1 }, data: { tags: { connect: [{ id: 1 }, { id: 2 }] } } })
  await db.user.update({ where: { id: 1 }, data: { followers: { connect: [{ id: 2 }, { id: 3 }] } } })
  await db.group.createMany({
    data: [
      { id: 1, name: 'g1' },
      { id: 2, name: 'g2' },
    ],
  })
  await db.membership.createMany({
    data: [
      { userId: 1, groupId: 1 },
      { userId: 1, groupId: 2 },
      { userId: 2, groupId: 1 },
    ],
  })
  await db.badge.createMany({
    data: [
      { id: 1, label: 'x', userId: 1, groupId: 1 },
      { id: 2, label: 'y' },
    ],
  })
  await db.ticket.createMany({
    data: [
      { id: 1, title: 'k1', assigneeId: 2 },
      { id: 2, title: 'k2' },
    ],
  })
  await db.seat.createMany({
    data: [
      { id: 1, venue: 'v', row: 1, number: 1, holder: 'h1' },
      { id: 2, venue: 'v', row: 1, number: 2 },
    ],
  })
  await db.stock.createMany({ data: [1, 2, 3].map((id) => ({ id, sku: `s${id}`, warehouse: 'w' })) })
  await db.order.createMany({ data: [1, 2].map((id) => ({ id, customer: `o${id}` })) })
  await db.orderLine.createMany({
    data: [
      { id: 1, orderId: 1, sku: 's1', quantity: 1, price: 1 },
      { id: 2, orderId: 2, sku: 's2', quantity: 2, price: 1 },
    ],
  })
  await db.legacyItem.create({ data: { itemNo: 1, groupCode: 'g', label: 'L1' } })
  await db.legacyItem.create({ data: { itemNo: 2, groupCode: 'g', label: 'L2', partOfNo: 1 } })
}

/** Chooses keys: mostly those of rows that exist, sometimes of none. */
export function createKeys(random: Random, existing: ExistingKeys) {
  const { int, pick, chance } = random
  const id = (takenIds: readonly number[], most: number): number =>
    takenIds.length && chance(0.9) ? pick(takenIds) : int(1, most)
  return {
    user: () => id(existing.users, 6),
    post: () => id(existing.posts, 6),
    comment: () => id(existing.comments, 6),
    tag: () => id(existing.tags, 5),
    category: () => id(existing.categories, 4),
    group: () => id(existing.groups, 3),
    badge: () => id(existing.badges, 4),
    profile: () => id(existing.profiles, 4),
    ticket: () => id(existing.tickets, 4),
    seat: () => id(existing.seats, 4),
    order: () => id(existing.orders, 3),
    line: () => id(existing.lines, 4),
    item: () => id(existing.items, 4),
    sku: () => (existing.skus.length && chance(0.9) ? pick(existing.skus) : `s${int(1, 5)}`),
    email: () => (existing.emails.length && chance(0.9) ? pick(existing.emails) : newEmail()),
    /** A key that is often free. */
    newId: (takenIds: readonly number[], most = 7) => pick(free(takenIds, most)),
    newEmail,
    newSku: () => `s${int(1, 6)}`,
    membership: () =>
      existing.memberships.length && chance(0.9)
        ? pick(existing.memberships)
        : ([int(1, 5), int(1, 3)] as const),
  }
  function newEmail(): string {
    return pick(['a@x', 'A@x', 'b@x', 'c@x', 'd@x', 'e@x', 'é@x', 'f@x'])
  }
}

export type Keys = ReturnType<typeof createKeys>

function free(takenIds: readonly number[], most: number): readonly number[] {
  const all = Array.from({ length: most }, (_, index) => index + 1)
  const freeIds = all.filter((id) => !takenIds.includes(id))
  return freeIds.length ? freeIds : all
}
