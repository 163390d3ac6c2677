import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { valkeyUrl } from '@larder/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type StockDatabase, startStock } from '../support/drizzle-stock.ts'
import type { Answer, Ask } from './drizzle-member.ts'

const at = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const soon = { timeout: 10_000, interval: 20 }

let database: StockDatabase
let members: readonly ChildProcess[] = []

/** The next message of a member; one that ends instead rejects. */
async function heard(child: ChildProcess): Promise<unknown> {
  const over = new AbortController()
  const gone = once(child, 'exit', { signal: over.signal }).then(([code]) => {
    throw new Error(`a member ended with ${code}`)
  })
  try {
    return (await Promise.race([once(child, 'message', { signal: over.signal }), gone]))[0]
  } finally {
    over.abort()
  }
}

async function ask(member: number, message: Ask): Promise<Answer> {
  const child = members[member]
  if (!child) throw new Error(`no member ${member}`)
  const answer = heard(child)
  child.send(message)
  return (await answer) as Answer
}

beforeAll(async () => {
  database = await startStock(2)
  const parameters = [database.url, await valkeyUrl(), `drizzle-${process.pid}`]
  members = [0, 1].map(() =>
    fork(at('drizzle-member.ts'), parameters, { execArgv: ['--import', at('sources.mjs')] }),
  )
  await Promise.all(members.map(heard))
})
afterAll(async () => {
  for (const child of members) child.kill()
  await database.stop()
})

describe('two processes with a Drizzle db each, over one Valkey', () => {
  it('what one process read is a hit in the other', async () => {
    expect((await ask(0, { read: 1 })).value).toBe('w1')
    // The entry is stored after the read has returned.
    await vi.waitFor(async () => expect((await ask(1, { read: 1 })).source).not.toBe('database'), soon)
  })

  for (const how of ['alone', 'transaction'] as const)
    it(`a write in one (${how}) is seen by the next read in the other, twenty times`, async () => {
      for (let time = 0; time < 20; time++) {
        const [writer, reader] = [time % 2, 1 - (time % 2)]
        const warehouse = `${how}-${time}`
        await ask(reader, { read: 2 })
        await ask(reader, { count: warehouse })
        await ask(writer, { write: 2, warehouse, how })
        expect((await ask(reader, { read: 2 })).value).toBe(warehouse)
        expect((await ask(reader, { count: warehouse })).value).toBe('1')
      }
    })

  it('what is rolled back in one is never seen in the other, and other rows stay cached', async () => {
    await vi.waitFor(async () => expect((await ask(1, { read: 3 })).source).not.toBe('database'), soon)
    await ask(0, { write: 4, warehouse: 'dirty', how: 'undone' })
    expect((await ask(1, { read: 4 })).value).toBe('w1')
    expect((await ask(1, { read: 3 })).source).not.toBe('database')
  })
})
