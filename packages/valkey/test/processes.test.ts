import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ReadReport } from '@larder/core'
import { valkeyUrl } from '@larder/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Ask } from './member.ts'
import { look, until } from './server.ts'

type Read = ReadReport & { readonly value: string }

const at = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const members: ChildProcess[] = []

beforeAll(async () => {
  const url = await valkeyUrl()
  const name = `processes:${process.pid}`
  for (let member = 0; member < 2; member++) {
    const child = fork(at('member.ts'), [url, url, name], { execArgv: ['--import', at('sources.mjs')] })
    members.push(child)
    await heard(child)
  }
})
afterAll(async () => {
  for (const member of members) member.kill()
  const server = look(await valkeyUrl())
  await server.unlink(`processes:${process.pid}`)
  server.disconnect()
})

/** A member that ends instead of answering fails the test at once. */
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

async function ask<T>(member: number, message: Ask): Promise<T> {
  const child = members[member]!
  const answer = heard(child)
  child.send(message)
  return (await answer) as T
}

/** Reads until both processes answer from the store. */
async function warm(id: number): Promise<void> {
  for (const member of [0, 1])
    await until(async () => (await ask<Read>(member, { read: id })).source === 'store')
}

it('a write in one process is seen by the next read in the other, a hundred times', async () => {
  const values: [string, string][] = []
  let hits = 0
  for (let time = 0; time < 100; time++) {
    const value = `v${time}`
    await ask(time % 2, { write: 1, value })
    const read = await ask<Read>(1 - (time % 2), { read: 1 })
    values.push([value, read.value])
    if (time % 10 === 0) await warm(1)
    hits += Number((await ask<Read>(time % 2, { read: 1 })).source === 'store')
  }
  expect(values.filter(([written, seen]) => written !== seen)).toEqual([])
  // It is the shared store that was tested, not the database.
  expect(hits).toBeGreaterThan(5)
})

it('what one process stored is a hit in the other', async () => {
  await ask(0, { write: 2, value: 'shared' })
  await until(async () => (await ask<Read>(0, { read: 2 })).source === 'store')
  expect(await ask<Read>(1, { read: 2 })).toMatchObject({ source: 'store', value: 'shared' })
})

it('invalidate all in one process ends what the other would have read', async () => {
  await ask(0, { write: 3, value: 'x' })
  await warm(3)
  await ask(0, { invalidate: 'all' })
  expect((await ask<Read>(1, { read: 3 })).source).toBe('database')
})

it('reads of both processes during writes of both are never older than what was known when they began', async () => {
  let newest = 0
  const wrong: string[] = []
  const until = performance.now() + 1_500
  let hits = 0
  const writer = async (): Promise<void> => {
    for (let version = 1; performance.now() < until; version++) {
      await ask(0, { write: 4, value: String(version) })
      newest = version
      // Time for a hit or two.
      await new Promise((resolve) => setTimeout(resolve, version % 3 === 0 ? 25 : 0))
    }
  }
  const reader = async (): Promise<void> => {
    while (performance.now() < until) {
      const known = newest
      const { value, source } = await ask<Read>(1, { read: 4 })
      if (source === 'store') hits++
      if (Number(value ?? 0) < known) wrong.push(`${value} after ${known} from ${source}`)
    }
  }
  await Promise.all([writer(), reader()])
  expect(wrong).toEqual([])
  expect(newest).toBeGreaterThan(20)
  expect(hits).toBeGreaterThan(10)
})
