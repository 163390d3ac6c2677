import { setTimeout as sleep } from 'node:timers/promises'
import { createCache } from '@larder/core'
import { type Datamodel, prismaCache } from '@larder/prisma'
import mysql from 'mysql2/promise'
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import type { PrismaClient } from '../../../../prisma/generated/client/client.ts'
import { mariadbUrl, type OwnClient, ownClient, repeatWhenBusy } from '../../../testing/src/index.ts'
import { ADAPTERS, type AdapterDatabase, schemaFor } from '../support/adapters.ts'

repeatWhenBusy()

// MySQL rolls a whole transaction back for a deadlock and goes on without one. A body that catches the error writes
// statements that commit by themselves, and the ROLLBACK after them undoes nothing.

let clients: OwnClient<typeof PrismaClient, Datamodel>
let database: AdapterDatabase
let other: mysql.Connection
beforeAll(async () => {
  clients = await ownClient('deadlock', schemaFor('mysql'))
  const open = ADAPTERS.MariaDB
  if (!open) throw new Error('there is no adapter for MariaDB')
  database = await open()
  other = await mysql.createConnection(await mariadbUrl())
  await other.query('SET innodb_lock_wait_timeout = 2')
  await other.query(`USE larder_test_${process.pid}_order`)
})
afterAll(async () => {
  await other.end()
  await database.stop()
  await clients.remove()
})
beforeEach(async () => {
  await other.query('DELETE FROM app_setting')
  await other.query('DELETE FROM app_note')
  const rows = ['a', 'b', ...Array.from({ length: 50 }, (_, index) => `other ${index}`)]
  await other.query('INSERT INTO app_setting (id, value) VALUES ?', [rows.map((id) => [id, '0'])])
})

it.each(['typed', 'raw', 'unextended'])(
  'a write after a deadlock is invalidated, although the body fails: %s',
  async (form) => {
    const base = new clients.PrismaClient({ adapter: database.adapter() })
    const cache = createCache({ unknownWrites: 'invalidate' })
    onTestFinished(async () => {
      await cache.close()
      await base.$disconnect()
    })
    const db = base.$extends(
      prismaCache({ cache, datamodel: clients.datamodel, models: { '*': { ttl: '1h' } } }),
    ) as unknown as PrismaClient
    const notes = () =>
      (db as unknown as { note: { findMany(): Promise<readonly unknown[]> } }).note.findMany()
    expect(await notes()).toEqual([])
    const ended = (form === 'unextended' ? base : db).$transaction(async (tx) => {
      await tx.setting.update({ where: { id: 'a' }, data: { value: '1' } })
      await other.query('BEGIN')
      // The transaction that has changed more rows is not the one that is given up.
      await other.query(`UPDATE app_setting SET value = '9' WHERE id LIKE 'other%' OR id = 'b'`)
      const update = tx.setting.update({ where: { id: 'b' }, data: { value: '1' } }).then(
        () => 'updated',
        (error: { code?: string }) => error.code,
      )
      await sleep(200)
      await other.query(`UPDATE app_setting SET value = '9' WHERE id = 'a'`)
      expect(await update).toBe('P2034')
      await other.query('COMMIT')
      if (form === 'raw') await tx.$executeRaw`INSERT INTO app_note VALUES ('n', '')`
      else
        await (tx as unknown as { note: { create(args: unknown): Promise<unknown> } }).note.create({
          data: { id: 'n', text: '' },
        })
      throw new Error('given up')
    })
    await expect(ended).rejects.toThrow('given up')
    expect(await notes()).toEqual([{ id: 'n', text: '' }])
    // The ROLLBACK was answered, so nothing that was written is on its way any more.
    const { reads } = await cache.explain(notes)
    expect(reads.map(({ source, reason }) => reason ?? source)).toEqual(['memory'])
  },
)
