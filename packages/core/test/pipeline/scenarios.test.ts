import type { Store } from '@larder/core/store'
import { settled } from '@larder/testing'
import { expect, it } from 'vitest'
import { GROUP, PRIMARY, Refused, reads, UNIQUE, writes } from '../support/item-host.ts'
import { paused, pausedLoad, type SimulatedProcess, simulatedProcess } from '../support/simulated-process.ts'

const readRow1 = reads.byId(1)

/** Two processes over one store and one database. */
function pair(keys = [PRIMARY, UNIQUE, GROUP], otherKeys = keys): [SimulatedProcess, SimulatedProcess] {
  const remote = (store: Store): Store => ({ ...store, source: 'store' })
  const first = simulatedProcess({ wrapStore: remote, keys })
  return [first, simulatedProcess({ wrapStore: remote, sharedWith: first, keys: otherKeys })]
}

const versionIn = ({ database }: SimulatedProcess, id = 1): number | undefined =>
  database.states.at(-1)?.item.get(id)?.v

it('1: a load that is overtaken by a write is not served after the write has returned', async () => {
  const [reader, writer] = pair()
  await reader.get(reads.byId(2))
  const slow = pausedLoad(reader, readRow1)
  const loading = reader.get(readRow1, { load: slow.run })
  await slow.execute()
  await writer.put(writes.touch(1))
  slow.answer()
  expect((await loading).result?.v).toBe(1)
  await settled()
  const again = await reader.get(readRow1)
  expect(again).toMatchObject({ source: 'database', result: { v: versionIn(writer) } })
})

it('2: a load that is overtaken by a write is not served, even if its tags did not exist before', async () => {
  const [reader, writer] = pair()
  const slow = pausedLoad(reader, readRow1)
  const loading = reader.get(readRow1, { load: slow.run })
  await slow.execute()
  await writer.put(writes.touchAll())
  slow.answer()
  await loading
  expect((await reader.get(readRow1)).result?.v).toBe(versionIn(writer))
})

it('3: between COMMIT and finish the old row is neither served nor stored', async () => {
  const [reader, writer] = pair()
  await reader.get(readRow1)
  const slow = paused(writer.database.write)
  const writing = writer.put(writes.touch(1), slow.run)
  await slow.execute()
  expect(await reader.get(readRow1)).toMatchObject({
    source: 'database',
    reason: 'dirty',
    result: { v: versionIn(writer) },
  })
  slow.answer()
  await writing
  await settled()
  expect(await reader.get(readRow1)).toMatchObject({ reason: 'invalidated' })
  expect(await reader.get(readRow1)).toMatchObject({ source: 'store', result: { v: versionIn(writer) } })
})

it('4: between mark and COMMIT a read goes to the database and its result is not stored', async () => {
  const [reader, writer] = pair()
  const slow = paused(writer.database.write)
  const writing = writer.put(writes.touch(1), slow.run)
  await slow.sent
  expect(await reader.get(readRow1)).toMatchObject({ reason: 'dirty', result: { v: 1 } })
  await slow.execute()
  slow.answer()
  await writing
  await settled()
  expect((await reader.get(readRow1)).result?.v).toBe(versionIn(writer))
})

it('5: two writers of one row that finish in reverse order leave the newer row to be read', async () => {
  const [reader, writer] = pair()
  const [first, second] = [paused(reader.database.write), paused(reader.database.write)]
  const one1 = reader.put(writes.touch(1), first.run)
  const two = writer.put(writes.touch(1), second.run)
  await first.execute()
  await second.execute()
  second.answer()
  await two
  await settled()
  expect(await writer.get(readRow1)).toMatchObject({ reason: 'dirty', result: { v: versionIn(writer) } })
  first.answer()
  await one1
  await settled()
  await writer.get(readRow1)
  expect(await reader.get(readRow1)).toMatchObject({ source: 'store', result: { v: versionIn(writer) } })
})

it('7: after a writer dies between mark and finish, reads of the row bypass the cache', async () => {
  const [reader, writer] = pair()
  await reader.get(readRow1)
  const slow = paused(writer.database.write)
  void writer.put(writes.touch(1), slow.run)
  await slow.sent
  expect((await reader.get(readRow1)).reason).toBe('dirty')
  expect((await reader.get(reads.byId(2))).reason).toBe('miss')
})

it('9: the writes of a transaction are invisible for the 30 s it is open, and visible after COMMIT', async () => {
  const [reader, writer] = pair()
  await reader.get(readRow1)
  const scope = writer.engine.transaction('late')
  const transaction = writer.database.begin()
  await writer.put(writes.touch(1), transaction.write, scope)
  const before = { reason: 'dirty', result: { v: versionIn(reader) } }
  await writer.clock.advance(30_000)
  expect(await reader.get(readRow1)).toMatchObject(before)
  await scope.seal()
  expect(await reader.get(readRow1)).toMatchObject(before)
  await transaction.commit()
  await scope.end('committed')
  expect((await reader.get(readRow1)).result?.v).toBe(versionIn(writer))
})

it("10: the mark of a statement that blocks for longer than the mark's lifetime is renewed", async () => {
  const [reader, writer] = pair()
  const renewed: string[] = []
  const watched = simulatedProcess({
    sharedWith: writer as ReturnType<typeof simulatedProcess>,
    wrapStore: (store) => ({
      ...store,
      source: 'store',
      renew: async (request) => {
        renewed.push(request.record)
        await store.renew(request)
      },
    }),
  })
  const slow = paused(watched.database.write)
  const writing = watched.put(writes.touch(1), slow.run)
  await slow.sent
  await watched.clock.advance(95_000)
  expect(renewed).toHaveLength(9)
  expect((await reader.get(readRow1)).reason).toBe('dirty')
  await slow.execute()
  slow.answer()
  await writing
  await settled()
  await watched.clock.advance(60_000)
  expect(renewed).toHaveLength(9)
  expect((await reader.get(readRow1)).result?.v).toBe(versionIn(writer))
})

it('11: after a rollback, with or without marks, entries equal the database', async () => {
  const { get, put, engine, database } = simulatedProcess()
  await get(readRow1)
  for (const sealed of [false, true]) {
    const scope = engine.transaction('late')
    const transaction = database.begin()
    await put(writes.touch(1), transaction.write, scope)
    if (sealed) await scope.seal()
    await transaction.rollback()
    await scope.end('failed')
    await settled()
    expect((await get(readRow1)).result?.v).toBe(1)
    expect((await get(readRow1)).source).toBe('memory')
  }
})

it('11: after a serialization failure at COMMIT the retry invalidates as the first attempt would have', async () => {
  const { get, put, engine, database, cache } = simulatedProcess()
  await get(readRow1)
  for (const outcome of ['failed', 'committed'] as const) {
    const scope = engine.transaction('late')
    const transaction = database.begin()
    await put(writes.touch(1), transaction.write, scope)
    await scope.seal()
    await (outcome === 'failed' ? transaction.rollback() : transaction.commit())
    await scope.end(outcome)
  }
  await settled()
  expect((await get(readRow1)).result?.v).toBe(database.states.at(-1)?.item.get(1)?.v)
  expect(cache.stats().hits).toBe(0)
})

it('12: a read inside a transaction sees its own writes and stores nothing', async () => {
  const { get, put, engine, database } = simulatedProcess()
  const scope = engine.transaction('late')
  const transaction = database.begin()
  await put(writes.touch(1), transaction.write, scope)
  const inside = await get(readRow1, { bypass: 'transaction', load: transaction.read })
  expect(inside).toMatchObject({ source: 'database', reason: 'transaction' })
  expect(inside.result?.v).toBeGreaterThan(1)
  await transaction.rollback()
  await scope.end('failed')
  expect(await get(readRow1)).toMatchObject({ reason: 'miss', result: { v: 1 } })
})

it('13: the tags of a write whose reply was lost stay dirty for a minute and are then invalidated', async () => {
  const [reader, writer] = pair()
  await reader.get(readRow1)
  const slow = paused(writer.database.write)
  const writing = writer.put(writes.touch(1), slow.run)
  await slow.sent
  slow.lose(new Error('connection lost'))
  const lost = expect(writing).rejects.toThrow('connection lost')
  // The server is busy: it commits half a minute after the client gave up.
  void slow.execute()
  await lost
  await writer.clock.advance(59_000)
  expect((await reader.get(readRow1)).reason).toBe('dirty')
  await writer.clock.advance(1_000)
  expect(await reader.get(readRow1)).toMatchObject({
    reason: 'invalidated',
    result: { v: versionIn(writer) },
  })
  expect((await reader.get(readRow1)).source).toBe('store')
})

it('13: the tags of a COMMIT whose reply was lost stay dirty for a minute and are then invalidated', async () => {
  const [reader, writer] = pair()
  await reader.get(readRow1)
  const scope = writer.engine.transaction('late')
  const transaction = writer.database.begin()
  await writer.put(writes.touch(1), transaction.write, scope)
  await scope.seal()
  await scope.end('unknown')
  await settled()
  await writer.clock.advance(30_000)
  await transaction.commit()
  expect(await reader.get(readRow1)).toMatchObject({ reason: 'dirty', result: { v: versionIn(writer) } })
  await writer.clock.advance(30_000)
  expect(await reader.get(readRow1)).toMatchObject({
    reason: 'invalidated',
    result: { v: versionIn(writer) },
  })
})

it('19: an entry that is stored after an invalidation never validates', async () => {
  let release = (): void => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const { get, cache, database } = simulatedProcess({
    wrapStore: (store) => ({
      ...store,
      source: 'store',
      set: async (...args) => {
        await gate
        await store.set(...args)
      },
    }),
  })
  await get(readRow1)
  await database.write(writes.touch(1).mutation)
  await cache.invalidate({ tables: ['item'] })
  release()
  await settled()
  expect(await get(readRow1)).toMatchObject({
    source: 'database',
    reason: 'invalidated',
    result: { v: 1_001 },
  })
})

it('21: invalidate({ all }) invalidates every entry and the results of running loads', async () => {
  const here = simulatedProcess()
  const { get, cache } = here
  await get(readRow1)
  await get(reads.everything())
  const slow = pausedLoad(here, reads.byGroup(0))
  const loading = get(reads.byGroup(0), { load: slow.run })
  await slow.execute()
  await cache.invalidate({ all: true })
  slow.answer()
  await loading
  for (const shape of [readRow1, reads.everything(), reads.byGroup(0)])
    expect(await get(shape as typeof readRow1)).toMatchObject({ source: 'database' })
  expect((await get(readRow1)).source).toBe('memory')
})

it('25: an update of unknown rows invalidates every lookup of the table', async () => {
  const { get, put } = simulatedProcess()
  const shapes = [readRow1, reads.byCode('c2'), reads.byGroup(0), reads.everything()] as (typeof readRow1)[]
  for (const shape of shapes) await get(shape)
  await put(writes.touchAll())
  await settled()
  for (const shape of shapes) expect((await get(shape)).source).toBe('database')
})

it('25: an update of one row by its key does not invalidate lookups of other rows', async () => {
  const { get, put } = simulatedProcess()
  await get(readRow1)
  await get(reads.byId(2))
  await put(writes.touch(1))
  await settled()
  expect((await get(reads.byId(2))).source).toBe('memory')
  expect((await get(readRow1)).source).toBe('database')
})

it('25: a lookup of another row is served while a write of this process is pending on the table', async () => {
  const { get, put, database } = simulatedProcess()
  await get(reads.byId(2))
  const slow = paused(database.write)
  const writing = put(writes.touch(1), slow.run)
  await slow.sent
  expect((await get(reads.byId(2))).source).toBe('memory')
  expect((await get(readRow1)).reason).toBe('dirty')
  expect((await get(reads.everything())).reason).toBe('dirty')
  await slow.execute()
  slow.answer()
  await writing
})

it('25: a lookup that found no row finds the row once it is inserted', async () => {
  const { get, put } = simulatedProcess()
  expect((await get(reads.byId(9))).result).toBeNull()
  expect((await get(reads.byId(9))).source).toBe('memory')
  await put(writes.insert(9, 0))
  await settled()
  expect((await get(reads.byId(9))).result?.id).toBe(9)
})

it('25: after two rows swap a unique value, each is found by its new value', async () => {
  const { get, put } = simulatedProcess()
  await get(reads.byCode('c1'))
  await get(reads.byCode('c2'))
  await put(writes.swapCodes(1, 2))
  await settled()
  expect((await get(reads.byCode('c1'))).result?.id).toBe(2)
  expect((await get(reads.byCode('c2'))).result?.id).toBe(1)
})

it('25: a key starts dirty if its first use is during a write of a process that has not declared it', async () => {
  const [reader, writer] = pair([PRIMARY, UNIQUE, GROUP], [])
  const slow = paused(writer.database.write)
  const writing = writer.put(writes.touch(1), slow.run)
  await slow.sent
  expect((await reader.get(readRow1)).reason).toBe('dirty')
  expect((await reader.get(reads.byGroup(0))).reason).toBe('dirty')
  await slow.execute()
  slow.answer()
  await writing
  await settled()
  expect((await reader.get(readRow1)).result?.v).toBe(versionIn(writer))
})

it('a row is cached again immediately after the server refused a write to it', async () => {
  const { get, put } = simulatedProcess()
  await get(readRow1)
  await expect(put(writes.touch(1), async () => Promise.reject(new Refused()))).rejects.toThrow(Refused)
  await settled()
  expect((await get(readRow1)).reason).not.toBe('dirty')
  expect((await get(readRow1)).source).toBe('memory')
})
