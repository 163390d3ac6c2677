import type { WriteEvent } from '@larder/core'
import { settled } from '@larder/testing'
import { expect, it } from 'vitest'
import { Refused, reads, writes } from '../support/item-host.ts'
import { simulatedProcess } from '../support/simulated-process.ts'

const readRow1 = reads.byId(1)

it('each outcome of a write emits one event', async () => {
  const { put, cache } = simulatedProcess()
  const events: WriteEvent[] = []
  cache.on('write', (event) => events.push(event))
  await put(writes.touch(1))
  await expect(put(writes.touch(1), () => Promise.reject(new Refused()))).rejects.toThrow()
  await expect(put(writes.touch(1), () => Promise.reject(new Error('time-out')))).rejects.toThrow('time-out')
  expect(events.map(({ outcome }) => outcome)).toEqual(['committed', 'failed', 'unknown'])
  expect(events[0]).toMatchObject({ operation: 'item.touch(1)', tables: ['item'] })
})

it("a write waits for its finish only with finish: 'await'", async () => {
  for (const finish of ['await', 'background'] as const) {
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const { put, get } = simulatedProcess({
      finish,
      wrapStore: (store) => ({
        ...store,
        source: 'store',
        finish: async (request) => {
          await gate
          await store.finish(request)
        },
      }),
    })
    await get(readRow1)
    let returned = false
    const writing = put(writes.touch(1)).then(() => {
      returned = true
    })
    await settled()
    expect(returned).toBe(finish === 'background')
    expect((await get(readRow1)).result?.v).toBe(1_001)
    release()
    await writing
    await settled()
    expect((await get(readRow1)).reason).toBe('invalidated')
  }
})

it('a write whose returned rows cannot be read does not fail, and invalidates every key of the table', async () => {
  const { engine, get, cache, database } = simulatedProcess()
  const codes: string[] = []
  cache.on('warning', ({ code }) => codes.push(code))
  await get(reads.byGroup(1))
  await engine.write({
    operation: 'item.update',
    model: 'Item',
    changes: writes.touch(1).changes,
    returned: () => {
      throw new TypeError('no rows')
    },
    run: () => database.write(writes.touch(1).mutation),
  })
  await settled()
  expect(codes).toEqual(['returned-rows'])
  expect((await get(reads.byGroup(1))).source).toBe('database')
})

it('invalidate by rows, tables and tags invalidates only results that depend on them', async () => {
  const { get, cache } = simulatedProcess()
  const tagged = { options: { tags: ['front'] } }
  const [two, note] = [reads.byId(2), reads.byId(1, 'note')]
  const refill = async () => {
    for (const shape of [readRow1, two, note]) await get(shape)
    await get(reads.byId(3), tagged)
  }
  const sources = async () =>
    (await Promise.all([get(readRow1), get(two), get(note), get(reads.byId(3), tagged)])).map(
      ({ source }) => source,
    )
  await refill()
  await cache.invalidate({ rows: [{ table: 'Item', key: { id: 1 } }] })
  expect(await sources()).toEqual(['database', 'memory', 'memory', 'memory'])
  await cache.invalidate({ tables: ['ITEM'] })
  expect(await sources()).toEqual(['database', 'database', 'memory', 'database'])
  await cache.invalidate({ tags: ['front'] })
  expect(await sources()).toEqual(['memory', 'memory', 'memory', 'database'])
})
