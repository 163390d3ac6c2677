import { setTimeout as sleep } from 'node:timers/promises'
import { createCache, memoryStore } from '@larder/core'
import { prismaCache } from '@larder/prisma'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { PrismaClient } from '../../../../prisma/generated/client/client.ts'
import { ownClient } from '../../../testing/src/index.ts'
import { ADAPTERS, type AdapterDatabase, schemaFor } from '../support/adapters.ts'
import type { Clients } from '../support/watching.ts'

// Prisma sends COMMIT or ROLLBACK when the body of a transaction returns. The cache waits for its marks first.

const where = { id: 'a' }

describe.each(['a pool of PostgreSQL', 'better-sqlite3'])('on %s', (name) => {
  let database: AdapterDatabase
  let clients: Clients
  beforeAll(async () => {
    database = await (ADAPTERS[name] as (typeof ADAPTERS)[string])()
    clients = await ownClient(`after-body-${database.provider}`, schemaFor(database.provider))
  })
  afterAll(async () => {
    await clients.remove()
    await database.stop()
  })

  /** What becomes of statements that are called a moment after the body has returned. */
  async function late(extend: (base: PrismaClient) => PrismaClient, fails: boolean) {
    const base = new clients.PrismaClient({ adapter: database.adapter() }) as PrismaClient
    onTestFinished(() => base.$disconnect())
    const db = extend(base)
    await base.setting.upsert({ where, update: { value: '0' }, create: { ...where, value: '0' } })
    const results: Promise<PromiseSettledResult<unknown>[]>[] = []
    const ended = db.$transaction(async (tx) => {
      await tx.setting.update({ where, data: { value: '1' } })
      setTimeout(() => {
        const calls = [
          tx.setting.update({ where, data: { value: '9' } }),
          tx.$executeRaw`UPDATE app_setting SET value = '9'`,
          tx.setting.findMany(),
        ]
        results.push(Promise.allSettled(calls))
      }, 20)
      if (fails) throw new Error('given up')
    })
    await ended.catch(() => {})
    await sleep(40)
    const codes = ((await results[0]) ?? []).map((result) =>
      result.status === 'rejected' ? (result.reason as { code?: string }).code : result.status,
    )
    return { codes, db, row: await base.setting.findUnique({ where }) }
  }

  it.each([false, true])(
    'a statement called after the body is refused as without a cache: fails %s',
    async (fails) => {
      const memory = memoryStore({ isolated: true })
      const cache = createCache({
        store: { ...memory, source: 'store', mark: (...args) => sleep(60).then(() => memory.mark(...args)) },
      })
      const { datamodel } = clients
      const larder = prismaCache({ cache, datamodel, models: { '*': { ttl: '1h' } } })
      // Of several statements in one tick Prisma refuses the first, and resolves the others without a result.
      const plain = await late((base) => base, fails)
      const { codes, row, db } = await late((base) => base.$extends(larder) as unknown as PrismaClient, fails)
      expect([codes[0], row]).toEqual([plain.codes[0], plain.row])
      expect(codes).toEqual(['P2028', 'P2028', 'P2028'])
      // What was refused keeps nothing out of the cache.
      await db.setting.findUnique({ where })
      const { reads } = await cache.explain(() => db.setting.findUnique({ where }))
      expect(reads.map(({ source, reason }) => reason ?? source)).toEqual(['memory'])
    },
  )
})
