import { setTimeout as wait } from 'node:timers/promises'
import { type ArchivedRow, createLeaderboard, type LeaderboardSlice } from '@larder/structures'
import { type OwnServer, repeatWhenBusy, setting, startServer, until } from '@larder/testing'
import type { Redis } from 'iovalkey'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { clientOf, unique } from '../support/clients.ts'
import { modelBoard } from '../support/model-board.ts'

repeatWhenBusy()

let server: OwnServer
let client: Redis

beforeAll(async () => {
  server = await startServer()
  client = clientOf(server.url)
})
afterAll(async () => {
  client.disconnect()
  await server.stop()
})

const ROWS = setting('LARDER_BOARD_ROWS', 600, 6_000)

it('ranks equal a model of the window at all times while scores expire', async () => {
  const board = createLeaderboard(client, { name: unique(), window: 2_000, slices: 8, size: 1_000 })
  const model = modelBoard(250, 8)
  const began = Date.now()
  await board.restore(
    Array.from({ length: ROWS }, (_, index) => {
      const row = {
        member: `m${Math.floor(Math.random() * 150)}`,
        score: Math.floor(Math.random() * 40) - 10,
        at: began - Math.random() * 1_900 + (index % 10) / 1_000,
      }
      model.add(row)
      return row
    }),
  )
  let compared = 0
  const boards = new Set<string>()
  while (Date.now() < began + 2_600) {
    const before = model.slice(Date.now())
    const [top, around] = [await board.top(), await board.around('m7', 3)]
    // What was read while a slice began may belong to either.
    if (model.slice(Date.now()) !== before) continue
    const expected = model.rows(before)
    expect(top).toEqual(expected)
    const place = expected.findIndex(({ member }) => member === 'm7')
    expect(around).toEqual(place < 0 ? [] : expected.slice(Math.max(0, place - 3), place + 4))
    compared++
    boards.add(JSON.stringify(expected))
    await wait(10)
  }
  expect(compared).toBeGreaterThan(5)
  expect(boards.size).toBeGreaterThan(3)
  expect(await board.top()).toEqual([])
  expect(await board.rank('m7')).toBeNull()
})

it('without an archive, an expired window leaves nothing in memory', async () => {
  const name = unique()
  const board = createLeaderboard(client, { name, window: 200, slices: 2, keep: 0 })
  for (let at = 0; at < 50; at++) await board.submit(`m${at}`, at)
  await until(async () => {
    await board.top()
    return (await client.keys(`*${name}*`)).length <= 1
  })
  expect(await board.submit('a', 1)).toEqual({ member: 'a', score: 1, rank: 1 })
})

it('archiving a closed slice is retried until it succeeds, and the archive restores a lost board', async () => {
  const options = { name: unique(), window: 60_000, slices: 300 }
  const board = createLeaderboard(client, options)
  for (const [member, score] of [
    ['b', 5],
    ['a', 5],
    ['c', 9],
  ] as const)
    await board.submit(member, score)
  const before = await board.top()
  const archiveCalls: [LeaderboardSlice, ArchivedRow[]][] = []
  const failing = board.archive(async () => {})
  expect(await failing).toBeLessThanOrEqual(1)

  const archived: ArchivedRow[] = []
  await board.submit('d', 1)
  await until(async () => {
    try {
      await board.archive(async (rows, slice) => {
        archiveCalls.push([slice, rows])
        if (archiveCalls.length === 1) throw new Error('no database')
        archived.push(...rows)
      })
      return archiveCalls.length > 1
    } catch (error) {
      expect((error as Error).message).toBe('no database')
      return false
    }
  })
  expect(archiveCalls[1]).toEqual(archiveCalls[0])
  expect(archiveCalls[0]?.[0].id).toBe(new Date(archiveCalls[0]?.[0].from ?? 0).toISOString())
  expect(await board.archive(async () => {})).toBe(0)
  expect(archived.at(-1)).toMatchObject({ member: 'd', score: 1 })
  expect(before.length).toBe(3)
})

it('a restored board has its previous ranks, and new scores are kept', async () => {
  const options = { name: unique(), window: 60_000, slices: 600 }
  const board = createLeaderboard(client, options)
  for (const [member, score] of Object.entries({ zoe: 5, ada: 5, bob: 9, eve: 5 }))
    await board.submit(member, score)
  const before = await board.top()
  const archived: ArchivedRow[] = []
  await until(async () => {
    await board.archive(async (rows) => archived.push(...rows))
    return archived.length >= 4
  })
  await client.flushall()
  await board.submit('new', 7)
  expect(
    await board.restore(
      (async function* () {
        yield* archived
        yield { member: 'old', score: 99, at: new Date(Date.now() - 120_000) }
      })(),
    ),
  ).toBe(archived.length)
  const expected = [...before, { member: 'new', score: 7, rank: 0 }]
    .sort((a, b) => b.score - a.score)
    .map((row, index) => ({ ...row, rank: index + 1 }))
  expect(await board.top()).toEqual(expected)
  // Those rows came from the archive: they are not archived again.
  const again: string[] = []
  await until(async () => {
    await board.archive(async (rows) => again.push(...rows.map(({ member }) => member)))
    return again.includes('new')
  })
  expect(again).toEqual(['new'])
})

it.each([
  ['no window', { name: 'a', window: undefined }, /window is undefined/],
  ['more slices than milliseconds', { name: 'a', window: 10 }, /window is 10: give at least 24 ms/],
  ['an unknown option', { name: 'a', window: '1h', limit: 5 }, /has no option limit/],
])('createLeaderboard refuses %s', (_, options, message) => {
  expect(() => createLeaderboard(client, options as never)).toThrow(message)
})

it('a board is not read with another number of slices than it was created with', async () => {
  const name = unique()
  await createLeaderboard(client, { name, window: '1h' }).submit('a', 1)
  await expect(createLeaderboard(client, { name, window: '2h' }).top()).rejects.toThrow(
    /give the window and slices it was made with/,
  )
  await expect(createLeaderboard(client, { name, window: '1h' }).top(101)).rejects.toMatchObject({
    code: 'LARDER_CONFIG',
  })
  await expect(createLeaderboard(client, { name, window: '1h' }).submit('a', Number.NaN)).rejects.toThrow(
    /score is NaN/,
  )
})
