import { FRESH, repeatWhenBusy, sized, valkeyUrl } from '@larder/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type StockDatabase, startStock } from '../support/drizzle-stock.ts'
import type { Answer, Ask } from './drizzle-member.ts'
import { type Member, startMember } from './members.ts'

repeatWhenBusy()

const soon = { timeout: 30_000, interval: 20 }

let database: StockDatabase
let members: readonly Member<Ask, Answer>[] = []

async function ask(member: number, message: Ask): Promise<Answer> {
  return (members[member] as Member<Ask, Answer>).ask(message)
}

beforeAll(async () => {
  database = await startStock(2)
  const parameters = [database.url, await valkeyUrl(), `drizzle-${process.pid}`]
  const start = () => startMember<Ask, Answer>('drizzle-member.ts', parameters)
  members = await Promise.all([start(), start()])
})
afterAll(async () => {
  await Promise.all(members.map((member) => member.kill()))
  await database.stop()
})

describe('two processes with a Drizzle db each, on one Valkey', () => {
  it('an entry that one process stored is a hit in the other', async () => {
    expect((await ask(0, { read: 1 })).value, FRESH).toBe('w1')
    // The entry is stored after the read has returned.
    await vi.waitFor(async () => expect((await ask(1, { read: 1 })).source).not.toBe('database'), soon)
  })

  for (const how of ['alone', 'transaction'] as const)
    it(`a write in one (${how}) is visible to the next read in the other, again and again`, async () => {
      for (let time = 0; time < sized(6, 20); time++) {
        const [writer, reader] = [time % 2, 1 - (time % 2)]
        const warehouse = `${how}-${time}`
        await ask(reader, { read: 2 })
        await ask(reader, { count: warehouse })
        await ask(writer, { write: 2, warehouse, how })
        expect((await ask(reader, { read: 2 })).value, FRESH).toBe(warehouse)
        expect((await ask(reader, { count: warehouse })).value, FRESH).toBe('1')
      }
    })

  it('a rollback in one process changes nothing in the other, and other rows stay cached', async () => {
    await vi.waitFor(async () => expect((await ask(1, { read: 3 })).source).not.toBe('database'), soon)
    await ask(0, { write: 4, warehouse: 'dirty', how: 'undone' })
    expect((await ask(1, { read: 4 })).value, FRESH).toBe('w1')
    expect((await ask(1, { read: 3 })).source).not.toBe('database')
  })
})
