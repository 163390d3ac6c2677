import type { Store } from '@larder/core/store'
import { deferred, settled } from '@larder/testing'
import { expect, it } from 'vitest'
import { type ReadShape, reads, type WriteShape, writes } from '../support/item-host.ts'
import type { Row } from '../support/simulated-database.ts'
import { type Remote, type RemoteOptions, remote } from './remote.ts'

type Shape = ReadShape<Row[] | Row | null>

const readRow1 = reads.byId(1)
const memory = { mode: 'push' as const }
const pushed = (options: RemoteOptions = {}): Remote => remote({ memory, ...options })

/** A read until nobody needs to be asked for it. */
async function warm(here: Remote, shape: Shape = readRow1): Promise<void> {
  for (let time = 0; time < 3; time++) await here.get(shape)
  here.takeCalls()
}

it('a read whose entry and tags are kept needs no round trip', async () => {
  const here = pushed()
  await warm(here)
  for (let time = 0; time < 3; time++)
    expect(await here.get(readRow1)).toMatchObject({ source: 'memory', result: { id: 1, v: 1 } })
  expect(here.takeCalls()).toEqual([])
  expect(here.cache.stats()).toMatchObject({ reads: 6, hits: 5, misses: 1 })
})

it('the next read sees a write of this process without a server notification', async () => {
  const here = pushed({ send: () => {} })
  const pairs: readonly (readonly [Shape, WriteShape])[] = [
    [readRow1, writes.touch(1)],
    [reads.byCode('c1'), writes.touch(1, 'item', true)],
    [reads.everything(), writes.touch(2)],
  ]
  for (const [shape, write] of pairs) {
    await warm(here, shape)
    const [row] = await here.put(write)
    for (let time = 0; time < 4; time++) expect([(await here.get(shape)).result].flat()).toContainEqual(row)
    here.takeCalls()
    await here.get(shape)
    expect(here.takeCalls()).toEqual([])
  }
})

it('the finish of a write drops the cells of the rows that it returned', async () => {
  const here = pushed({ send: () => {} })
  for (const shape of [reads.byCode('c1'), reads.byCode('c2')]) await warm(here, shape)
  const [row] = await here.put(writes.touch(1, 'item', true))
  await settled()
  // Brings the field back, which the write left as it was.
  await here.get(reads.byCode('c2'))
  here.takeCalls()
  expect((await here.get(reads.byCode('c1'))).result).toEqual(row)
  expect(here.takeCalls()).not.toEqual([])
})

it('a write of another process is visible as soon as the server notifies this one', async () => {
  const deliveries: (() => void)[] = []
  const here = pushed({ send: (deliver) => deliveries.push(deliver) })
  const other = pushed({ sharedWith: here })
  const deliver = () => {
    for (const deliver of deliveries.splice(0)) deliver()
  }
  await here.get(readRow1)
  deliver()
  await warm(here)
  await other.put(writes.touch(1))
  await settled()
  expect(await here.get(readRow1)).toMatchObject({ source: 'memory', result: { v: 1 } })
  deliver()
  expect(await here.get(readRow1)).toMatchObject({ source: 'database', result: { v: 1_001 } })
})

it('a write of another process is visible after a second at most, because leases expire without a heartbeat', async () => {
  const here = pushed({ send: () => {} })
  const other = pushed({ sharedWith: here })
  await warm(here)
  await other.put(writes.touch(1))
  await settled()
  await here.clock.advance(1_001)
  expect(await here.get(readRow1)).toMatchObject({ source: 'database', result: { v: 1_001 } })
})

it('a lost connection costs one round trip', async () => {
  const here = pushed()
  await warm(here)
  here.cut()
  // Followed anew by the first question; what it forgets then, the second one brings.
  for (let time = 0; time < 2; time++) expect(await here.get(readRow1)).toMatchObject({ result: { v: 1 } })
  expect(here.takeCalls()).not.toEqual([])
  await here.get(readRow1)
  expect(here.takeCalls()).toEqual([])
})

it('if the connection is lost between an entry and its tags, neither is kept', async () => {
  const here = pushed()
  await warm(here)
  here.feed.notify(undefined)
  await settled()
  await here.get(readRow1)
  expect(here.takeCalls()).toEqual(['fetch'])
})

it('a tag that changed between its fetch and the reply is not kept', async () => {
  const answer = deferred()
  let slow = false
  const through = (store: Store): Store => ({
    ...store,
    async fetch(entry, tags) {
      const reply = await store.fetch(entry, tags)
      if (slow) await answer.promise
      return reply
    },
  })
  const here = pushed({ through })
  const other = pushed({ sharedWith: here })
  await warm(here)
  await other.put(writes.touch(2))
  await settled()
  slow = true
  const reading = here.get(readRow1)
  await settled()
  await other.put(writes.touch(1))
  await settled()
  answer.resolve()
  // Begun before that write, it may return what was then.
  await reading
  expect(await here.get(readRow1)).toMatchObject({ source: 'database', result: { v: 1_002 } })
})

it('a dirty tag is never kept', async () => {
  const deliveries: (() => void)[] = []
  const here = pushed({ send: (deliver) => deliveries.push(deliver) })
  const other = pushed({ sharedWith: here })
  await warm(here)
  const scope = other.engine.transaction('late')
  await other.engine.inside(scope, () => other.put(writes.touch(1), undefined, scope))
  await scope.seal()
  for (const deliver of deliveries.splice(0)) deliver()
  for (let time = 0; time < 2; time++) expect(await here.get(readRow1)).toMatchObject({ reason: 'dirty' })
  await scope.end('committed')
  expect((await here.get(readRow1)).result?.v).toBe(1_001)
})

it('a notification of an entry that this process stored keeps the entry, and one of a deletion drops it', async () => {
  const here = pushed()
  const { key } = await here.get(readRow1)
  await here.get(readRow1)
  expect(here.takeCalls()).toEqual(['fetch', 'seed', 'tags'])
  await here.inner.set(key ?? '', new Uint8Array(), 1)
  here.feed.notify([key ?? ''])
  await here.clock.advance(1)
  await here.get(readRow1)
  expect(here.takeCalls()).toEqual(['fetch'])
})

it('a lost notification hides a later deletion for a second at most', async () => {
  const here = pushed({ drops: () => lost })
  let lost = true
  const { key } = await here.get(readRow1)
  lost = false
  await here.clock.advance(1_000)
  await warm(here)
  here.feed.notify([key ?? ''])
  await settled()
  await here.get(readRow1)
  expect(here.takeCalls()).toEqual(['fetch'])
})

it('reads inside a computed value ask the store, so that the value is not older than its nonces', async () => {
  const here = pushed({ send: () => {} })
  const other = pushed({ sharedWith: here })
  await warm(here)
  await other.put(writes.touch(1))
  await settled()
  const compute = () =>
    here.cache.wrap('v', { ttl: '1m', reads: ['item'] }, async () => (await here.get(readRow1)).result?.v)
  expect(await compute()).toBe(1_001)
})

it('a computed value without tags asks the store, because only the store can report the epoch', async () => {
  const here = pushed({ send: () => {} })
  const other = pushed({ sharedWith: here })
  let count = 0
  const ask = async () => {
    const value = await here.cache.wrap('n', { ttl: '1m' }, async () => ++count)
    await settled()
    return value
  }
  expect([await ask(), await ask()]).toEqual([1, 1])
  await other.cache.invalidate({ all: true })
  expect(await ask()).toBe(2)
})

it('`invalidate({ all })` takes effect immediately in its own process, and in others on notification', async () => {
  const deliveries: (() => void)[] = []
  const here = pushed({ send: (deliver) => deliveries.push(deliver) })
  const other = pushed({ sharedWith: here })
  await warm(here)
  await warm(other)
  for (const deliver of deliveries.splice(0)) deliver()
  await warm(here)
  await warm(other)
  await other.cache.invalidate({ all: true })
  expect(await other.get(readRow1)).toMatchObject({ source: 'database' })
  expect(await here.get(readRow1)).toMatchObject({ source: 'memory' })
  for (const deliver of deliveries.splice(0)) deliver()
  expect(await here.get(readRow1)).not.toMatchObject({ source: 'memory' })
})

it('a tag of another epoch is not combined with the others', async () => {
  const here = pushed({ send: () => {} })
  const other = pushed({ sharedWith: here })
  await warm(here)
  await other.cache.invalidate({ all: true })
  // Any answer of the new epoch ends what was kept of the old one.
  await here.get(reads.byId(2))
  expect(await here.get(readRow1)).toMatchObject({ source: 'database' })
})

it('without leases the tier fetches the tags for every read', async () => {
  const here = pushed({ through: (store) => ({ ...store, open: () => {} }) })
  await warm(here)
  expect(await here.get(readRow1)).toMatchObject({ source: 'memory' })
  expect(here.takeCalls()).toEqual(['tags'])
})

it('no read is served after close', async () => {
  const here = pushed()
  await warm(here)
  await here.cache.close()
  expect(await here.get(readRow1)).toMatchObject({ source: 'database', reason: 'unavailable' })
})
