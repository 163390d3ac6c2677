import { setTimeout as wait } from 'node:timers/promises'
import type { Fetched } from '@larder/core/store'
import { type Cluster, type ClusterNode, FRESH, repeatWhenBusy, startCluster } from '@larder/testing'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { valkeyStore } from '../../src/valkey-store.ts'
import { brief, startLoad } from '../support/server-load.ts'
import { allHit, type Member, recordOf } from '../support/server-members.ts'
import { useTestPlace } from '../support/test-place.ts'

repeatWhenBusy()

const ROWS = [1, 2, 3, 4, 5, 6]
/** How long each step of a migration lasts under load, in milliseconds. */
const STEP = 400

let cluster: Cluster
const place = useTestPlace()
const { members } = place

beforeAll(async () => {
  cluster = await startCluster({ settings: ['--maxmemory-policy', 'allkeys-lru'] })
})
afterAll(async () => {
  await cluster?.stop()
})
beforeEach(async () => {
  const options = { nodes: [...cluster.urls] }
  await place.joinInEachMode(options)
})

/** States of tags without the incarnation of the server that had them: another server has the slot afterwards. */
function inServer({ tags }: Pick<Fetched, 'tags'>) {
  const states = tags.flatMap(({ fields, cells }) => [...fields, ...cells])
  return states.map((state) => state && [state.nonce.split('@')[0], state.dirty])
}

/** Some other primary than the one that has the slot of `key`. */
async function elsewhere(key: string): Promise<ClusterNode> {
  const owner = await cluster.primaryOf(key)
  return (await cluster.primaries()).find((node) => node !== owner) as ClusterNode
}

/** Moves the slot of `key`, some keys at a time, stopping at each state that callers may meet. */
async function move(key: string): Promise<void> {
  const slot = await cluster.slotOf(key)
  const migration = await cluster.migrateSlot(slot, await elsewhere(key))
  await wait(STEP)
  const keys = await migration.keys()
  // The record apart from its cells, then some of them.
  await migration.move(keys.slice(0, 1))
  await wait(STEP)
  await migration.move(keys.slice(1, 3))
  await wait(STEP)
  await migration.finish()
  await wait(STEP)
}

async function entriesOf(name: string): Promise<readonly string[]> {
  const results = await Promise.all(
    (await cluster.primaries()).map((node) => node.call('KEYS', `${name}:e:*`) as Promise<readonly string[]>),
  )
  return results.flat()
}

it('no read is stale and no write is rejected while a table’s slot moves under load', async () => {
  const load = startLoad(members, ROWS, { writes: 15 })
  await load.hits(20)
  await move(recordOf(place))
  await load.hits(20)
  // And back, from the node that has just learnt of it.
  await move(recordOf(place))
  await load.hits(20)
  await load.stop()
  expect(load.rejected).toEqual([])
  expect(brief(load.stale()), FRESH).toEqual([])
  expect(load.written).toBeGreaterThan(50)
  expect(load.longestWrite).toBeLessThan(3_000)
})

it('no read is stale and no write is rejected while slots of entries move under load', async () => {
  const load = startLoad(members, ROWS, { writes: 40 })
  await load.hits(20)
  const entries = await entriesOf(place.name)
  expect(entries.length).toBeGreaterThan(2)
  for (const entry of entries.slice(0, 3)) await move(entry)
  await load.hits(20)
  await load.stop()
  expect(load.rejected).toEqual([])
  expect(brief(load.stale()), FRESH).toEqual([])
})

it('a table that was marked before its slot moved is finished on the new node', async () => {
  const [writer, reader] = members as [Member, Member]
  const record = recordOf(place)
  for (const id of ROWS) await writer.write(id, '1')
  for (const id of ROWS) await allHit([writer, reader], id)
  const migration = await cluster.migrateSlot(await cluster.slotOf(record), await elsewhere(record))
  const remaining = await migration.keys()
  await migration.move(remaining.filter((_, index) => index % 2 === 0))
  for (const id of ROWS) await writer.write(id, '2')
  for (const id of ROWS) expect((await reader.read(id)).value, FRESH).toBe('2')
  await migration.finish()
  for (const id of ROWS) expect((await reader.read(id)).value, FRESH).toBe('2')
  for (const id of ROWS) await allHit([writer, reader], id)
  for (const id of ROWS) expect((await reader.read(id)).value, FRESH).toBe('2')
})

it('a write that changed nothing leaves every tag unchanged while its slot moves', async () => {
  const store = valkeyStore({ nodes: [...cluster.urls] })
  const record = `{${place.name}:unchanged}`
  const [token, lifetime, fields] = ['w', 60_000, ['list', 'k']]
  const cells = ROWS.map((id) => `${record}:k=${id}`)
  const all = [{ record, fields, cells }]
  try {
    const { tags } = await store.seed(all, lifetime)
    await store.mark({ record, token, fields, known: [], cells, lifetime })
    const migration = await cluster.migrateSlot(await cluster.slotOf(record), await elsewhere(record))
    await migration.move((await migration.keys()).filter((_, index) => index % 2 === 0))
    await store.finish({ record, token, untouched: [], keep: fields, cells, unchanged: { lifetime } })
    await migration.finish()
    // The first reads may still ask the node that had the slot.
    const after = await vi.waitFor(() => store.fetch(undefined, all), 30_000)
    expect(inServer(after)).toEqual(inServer({ tags }))
  } finally {
    await store.close()
  }
})

it('no read is stale and no write is rejected during a planned failover under load', async () => {
  const load = startLoad(members, ROWS, { writes: 15 })
  await load.hits(20)
  const [replica] = await cluster.replicasOf(await cluster.primaryOf(recordOf(place)))
  await cluster.failover(replica as ClusterNode)
  await load.hits(20)
  await load.stop()
  expect(load.rejected).toEqual([])
  expect(brief(load.stale()), FRESH).toEqual([])
})
