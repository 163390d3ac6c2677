import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { PrismaClient } from '../../prisma/generated/client/client.ts'
import { type CachedClient, cachedClient } from '../support/cached-client.ts'
import { startPostgresDatabase, type TestDatabase } from '../support/databases.ts'
import { populate } from '../workload/prisma/rows.ts'

// Prisma sends COMMIT although the outer body failed, if a nested transaction is still open at that time: it rolls back
// the savepoint only, and the end of the nested transaction commits the rest.

let database: TestDatabase
let plain: PrismaClient
let prisma: CachedClient

beforeAll(async () => {
  database = await startPostgresDatabase()
  plain = database.client().client
  await populate(plain, database.run)
  prisma = cachedClient(database.client().client).client
})
afterAll(() => database.stop())
beforeEach(async () => {
  await prisma.user.updateMany({ data: { name: 'before' } })
})

type Body<T> = (tx: typeof prisma) => Promise<T>
/** The type of a transaction's client hides that it can begin a nested one. */
const interactive = <T>(body: Body<T>): Promise<T> =>
  prisma.$transaction((tx) => body(tx as unknown as typeof prisma))
const nested = <T>(tx: typeof prisma, body: Body<T>): Promise<T> =>
  tx.$transaction((inner) => body(inner as unknown as typeof prisma))
const rename = (tx: typeof prisma, id: number, name: string) =>
  tx.user.update({ where: { id }, data: { name } })
const names = async (client: PrismaClient): Promise<unknown[]> => {
  const users = await Promise.all([2, 3].map((id) => client.user.findUnique({ where: { id } })))
  return users.map((user) => user?.name)
}

async function expectFresh(): Promise<void> {
  const truth = await names(plain)
  expect(await names(prisma as unknown as PrismaClient)).toEqual(truth)
}

describe('a nested transaction that is still open when the outer body ends leaves nothing stale', () => {
  test.each(['returns', 'throws'] as const)('when the outer body %s', async (end) => {
    await expectFresh()
    let inner: Promise<unknown> = Promise.resolve()
    const outer = interactive(async (tx) => {
      await rename(tx, 2, 'outer')
      inner = nested(tx, (within) => rename(within, 3, 'inner')).catch(() => {})
      if (end === 'throws') throw new Error('stop')
    }).catch(() => {})
    await Promise.all([outer, inner])
    await expectFresh()
  })

  test('two concurrent nested transactions, which Prisma refuses, leave nothing stale', async () => {
    await expectFresh()
    const open: Promise<unknown>[] = []
    await interactive(async (tx) => {
      await rename(tx, 2, 'outer')
      open.push(
        nested(tx, (within) => rename(within, 3, 'one')),
        nested(tx, (within) => rename(within, 3, 'other')),
      )
      await Promise.all(open)
    }).catch(() => {})
    await Promise.allSettled(open)
    await expectFresh()
  })
})

test('a failed transaction changes nothing in the cache, even after its nested transaction has ended', async () => {
  await expectFresh()
  const undone = interactive(async (tx) => {
    await nested(tx, (within) => rename(within, 3, 'inner'))
    throw new Error('stop')
  })
  await expect(undone).rejects.toThrow('stop')
  expect(await names(prisma as unknown as PrismaClient)).toEqual(['before', 'before'])
})
