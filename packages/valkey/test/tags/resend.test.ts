import type { FinishRequest, MarkRequest } from '@larder/core/store'
import { repeatWhenBusy } from '@larder/testing'
import { type ValkeyStore, valkeyStore } from '@larder/valkey'
import type { Redis } from 'iovalkey'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { connectTo, ownServer, type Server, until } from '../support/server.ts'

repeatWhenBusy()

const record = '{larder:main:item}'
const cell = `${record}:id=1`
const ask = { record, fields: ['list', 'id'], cells: [cell] }
const mark: MarkRequest = {
  record,
  token: 'mine',
  fields: ['list'],
  known: ['id'],
  cells: [cell],
  lifetime: 60_000,
}
const finish: FinishRequest = { record, token: 'mine', untouched: [], keep: ['id'], cells: [cell] }

let valkey: Server
let server: Redis
let store: ValkeyStore

beforeEach(async () => {
  valkey = await ownServer()
  server = connectTo(valkey.url)
  server.on('error', () => {})
  store = valkeyStore(valkey.url)
  await store.ping()
})
afterEach(async () => {
  await store.close()
  server.disconnect()
  await valkey.kill()
})

/** The store loses its connection, and is trusted again. */
async function reconnected(): Promise<void> {
  const id = async (): Promise<string> =>
    /^id=(\d+) .*name=larder /m.exec(String(await server.client('LIST')))?.[1] ?? ''
  const before = await id()
  await server.client('KILL', 'ID', before)
  await until(async () => !['', before].includes(await id()))
  await store.ping()
}

it('a pending mark that a server lost is restored before the server is trusted', async () => {
  await store.mark(mark)
  await valkey.kill()
  await valkey.start()
  await until(() => server.status === 'ready')
  // Every answer that counts as one already sees it.
  let dirty: boolean | undefined
  await until(async () => {
    dirty = await store.fetch(undefined, [ask]).then(
      ({ tags }) => tags[0]?.fields[0]?.dirty ?? false,
      () => undefined,
    )
    return dirty !== undefined
  })
  expect(dirty).toBe(true)
  expect(await server.hget(record, 'list')).toContain('|mine,')
  expect(await server.get(cell)).toContain('|mine,')
})

it('a finished mark is not restored, and recent invalidations are repeated', async () => {
  await store.seed([ask], 60_000)
  const before = await server.hgetall(record)
  await store.mark(mark)
  await store.finish(finish)
  const bumped = await server.hget(record, 'list')
  // What a replica has that had not heard of either.
  await server.hset(record, before)
  await reconnected()
  const after = await server.hgetall(record)
  expect([before.list, bumped]).not.toContain(after.list)
  expect(after.list).not.toContain('|')
  // The mark was not found, so nobody vouches for the values behind it.
  expect(after.id).not.toBe(before.id)
})

it('a recent new epoch is repeated', async () => {
  const before = await server.get('larder:epoch')
  await store.invalidateAll()
  const ended = await server.get('larder:epoch')
  await server.set('larder:epoch', before ?? '', 'PX', 60_000)
  await reconnected()
  expect([before, ended]).not.toContain(await server.get('larder:epoch'))
})
