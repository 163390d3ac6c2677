import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../../../../prisma/generated/client/client.ts'
import { createMigratedDatabase } from '../../../testing/src/index.ts'

/** One statement as the client logged it. */
export interface Statement {
  readonly sql: string
}

/** Calls an operation of a model by name, on the client or on a transaction of it. */
export type Call = (model: string, operation: string, args: unknown) => Promise<unknown>

/** A database with a few rows in every table that the operations of these tests use, and a log of its statements. */
export interface TestDatabase {
  readonly client: PrismaClient
  readonly call: Call
  /** Statements since the last `clear`. */
  readonly statements: readonly Statement[]
  clear(): void
  stop(): Promise<void>
}

export async function startDatabase(): Promise<TestDatabase> {
  const { url, drop } = await createMigratedDatabase()
  const client = new PrismaClient({
    adapter: new PrismaPg({ connectionString: url }),
    log: [{ emit: 'event', level: 'query' }],
  })
  const statements: Statement[] = []
  client.$on('query', ({ query }) => void statements.push({ sql: query }))
  await seed(client)
  return {
    client,
    call: callOn(client),
    statements,
    clear: () => void statements.splice(0),
    stop: async () => {
      await client.$disconnect()
      await drop()
    },
  }
}

/** The operations of a client by name. Their types are Prisma's to check, their effect is what the tests look at. */
export function callOn(client: unknown): Call {
  return async (model, operation, args) => {
    const name = `${model[0]?.toLowerCase()}${model.slice(1)}`
    const delegate = Reflect.get(client as object, name) as Record<
      string,
      (args: unknown) => Promise<unknown>
    >
    return await delegate[operation]?.(args)
  }
}

async function seed(client: PrismaClient): Promise<void> {
  const emails = ['a@x', 'b@x', 'c@x', 'd@x']
  await client.user.createMany({ data: emails.map((email) => ({ email, name: email })) })
  await client.profile.createMany({
    data: [
      { bio: 'one', userId: 1 },
      { bio: 'two', userId: 2 },
    ],
  })
  await client.category.createMany({ data: [{ name: 'root' }, { name: 'leaf', parentId: 1 }] })
  await client.post.createMany({
    data: [
      { title: 'p1', authorId: 1, editorId: 2, categoryId: 1 },
      { title: 'p2', authorId: 1, categoryId: 2 },
      { title: 'p3', authorId: 2, editorId: 1 },
      { title: 'p4', authorId: 4, editorId: 4 },
    ],
  })
  await client.comment.createMany({
    data: [
      { text: 'c1', postId: 1, authorId: 2 },
      { text: 'c2', postId: 1 },
      { text: 'c3', postId: 3, authorId: 1 },
    ],
  })
  await client.tag.createMany({ data: [{ name: 't1' }, { name: 't2' }, { name: 't3' }] })
  await client.post.update({ where: { id: 1 }, data: { tags: { connect: [{ id: 1 }, { id: 2 }] } } })
  await client.post.update({ where: { id: 3 }, data: { tags: { connect: { id: 1 } } } })
  await client.user.update({ where: { id: 1 }, data: { followers: { connect: [{ id: 2 }, { id: 3 }] } } })
  await client.group.createMany({ data: [{ name: 'g1' }, { name: 'g2' }] })
  await client.membership.createMany({
    data: [
      { userId: 1, groupId: 1 },
      { userId: 1, groupId: 2 },
      { userId: 2, groupId: 1 },
    ],
  })
  await client.badge.createMany({ data: [{ label: 'x', userId: 1, groupId: 1 }, { label: 'y' }] })
  await client.ticket.createMany({ data: [{ title: 'k1', assigneeId: 2 }, { title: 'k2' }] })
  await client.seat.createMany({
    data: [
      { venue: 'v', row: 1, number: 1, holder: 'h' },
      { venue: 'v', row: 1, number: 2 },
    ],
  })
  await client.stock.createMany({
    data: [
      { sku: 's1', warehouse: 'w' },
      { sku: 's2', warehouse: 'w' },
    ],
  })
  await client.order.createMany({ data: [{ customer: 'o' }, { customer: 'p' }] })
  await client.orderLine.createMany({
    data: [
      { orderId: 1, sku: 's1', quantity: 1, price: 1 },
      { orderId: 2, sku: 's1', quantity: 2, price: 1 },
    ],
  })
  await client.legacyItem.create({ data: { itemNo: 1, groupCode: 'g', label: 'L1' } })
  await client.legacyItem.create({ data: { itemNo: 2, groupCode: 'g', label: 'L2', partOfNo: 1 } })
}
