import { type Cluster, type ClusterNode, FRESH, repeatWhenBusy, startCluster } from '@larder/testing'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { until } from '../support/server.ts'
import { brief, promised, startLoad } from '../support/server-load.ts'
import {
  allHit,
  isHit,
  type Member,
  recordOf,
  timed,
  timedWrite,
  valuesOf,
  warm,
} from '../support/server-members.ts'
import { useTestPlace } from '../support/test-place.ts'

repeatWhenBusy()

let cluster: Cluster
const place = useTestPlace()
const { members } = place

beforeAll(async () => {
  cluster = await startCluster({ settings: ['--maxmemory-policy', 'allkeys-lru'] })
})
afterAll(async () => {
  await cluster?.stop()
})
afterEach(async () => {
  for (const node of cluster.nodes) node.resume()
})

/** Two members; the second keeps nothing in its memory. */
function pair(): Promise<[Member, Member]> {
  return place.joinPair({ nodes: [...cluster.urls] })
}

async function sum(section: string, pattern: RegExp): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  for (const node of await cluster.primaries())
    for (const [, name = '', count] of String(await node.call('INFO', section)).matchAll(pattern))
      counts.set(name, (counts.get(name) ?? 0) + Number(count))
  return counts
}
const commands = (): Promise<ReadonlyMap<string, number>> =>
  sum('commandstats', /^cmdstat_([^:]+):calls=(\d+)/gm)
const errors = (): Promise<ReadonlyMap<string, number>> =>
  sum('errorstats', /^errorstat_([^:]+):count=(\d+)/gm)

it('a busy mixed run lists, scans and flushes nothing, and no command touches two slots', async () => {
  const [before, refused] = [await commands(), await errors()]
  const options = { nodes: [...cluster.urls] }
  await place.joinInEachMode(options)
  const rows = Array.from({ length: 40 }, (_, index) => index)
  const load = startLoad(members, rows, { reads: 1, writes: 10 })
  await load.hits(50)
  await members[0]?.cache.invalidate({ tables: ['row'] })
  await members[1]?.cache.invalidate({ tags: ['one', 'two', 'three'] })
  await members[1]?.cache.invalidate({ all: true })
  await load.hits(50)
  await load.stop()
  expect(load.rejected).toEqual([])
  expect(brief(load.stale()), FRESH).toEqual([])

  const counts = await commands()
  const used = [...counts].filter(([name, count]) => count > (before.get(name) ?? 0)).map(([name]) => name)
  // What the test itself, the replicas and the nodes among each other ask besides.
  expect(used).toEqual(expect.arrayContaining(['pttl', 'hmget', 'mget', 'set', 'evalsha']))
  expect(
    used.filter((name) => /^(keys|scan|[hsz]scan|smembers|del|flush.*|sort|randomkey)$/.test(name)),
  ).toEqual([])
  const count = ((await errors()).get('CROSSSLOT') ?? 0) - (refused.get('CROSSSLOT') ?? 0)
  expect(count).toBe(0)
})

it.each([
  ['SCRIPT FLUSH', ['SCRIPT', 'FLUSH'], 0],
  ['FLUSHALL', ['FLUSHALL'], 0],
  ['CLIENT KILL TYPE pubsub', ['CLIENT', 'KILL', 'TYPE', 'pubsub'], 0],
  // What a writer could not say because its connection was gone, it says when it is back.
  ['CLIENT KILL TYPE normal', ['CLIENT', 'KILL', 'TYPE', 'normal'], 2_000],
] as const)(
  '%s on every node under load rejects nothing and causes no stale read',
  async (_, command, slack) => {
    const options = { nodes: [...cluster.urls] }
    await place.joinInEachMode(options)
    const load = startLoad(members, [1, 2, 3, 4], { writes: 20 })
    await load.hits(10)
    for (let time = 0; time < 3; time++) {
      for (const node of await cluster.primaries()) await node.call(...command)
      await load.hits(5)
    }
    await load.stop()
    expect(load.rejected).toEqual([])
    expect(brief(load.stale((reading) => Math.max(promised(reading), slack))), FRESH).toEqual([])
  },
)

/** The primary that has the table, and its replica. */
async function shardOf(key: string): Promise<readonly ClusterNode[]> {
  const primary = await cluster.primaryOf(key)
  return [primary, ...(await cluster.replicasOf(primary))]
}

/** Both members at work while a shard is away: nothing rejects, all is fresh, and it does not take long. */
async function workWithout([writer, reader]: readonly [Member, Member]): Promise<void> {
  expect(await timedWrite(writer, '2')).toBeLessThan(3_000)
  for (const member of [writer, reader]) {
    const reading = await timed(() => member.read(1))
    expect(reading.value, FRESH).toBe('2')
    expect(reading.took).toBeLessThan(500)
  }
}

async function afterwards(both: readonly [Member, Member]): Promise<void> {
  await allHit(both)
  expect(await valuesOf(both), FRESH).toEqual(['2', '2'])
  await both[1].write(1, '3')
  expect(await valuesOf(both), FRESH).toEqual(['3', '3'])
}

it.each(['yes', 'no'])(
  'a shard that is lost completely costs hits and nothing else (cluster-require-full-coverage %s)',
  async (coverage) => {
    for (const node of cluster.nodes)
      await node.call('CONFIG', 'SET', 'cluster-require-full-coverage', coverage)
    const both = await pair()
    await warm(both, '1')
    const shard = await shardOf(recordOf(place))
    await Promise.all(shard.map((node) => node.kill()))
    await workWithout(both)
    // Once more when the others have given it up.
    await until(() => givenUp(shard))
    await workWithout(both)
    await Promise.all(shard.map((node) => node.start()))
    await cluster.settled()
    await afterwards(both)
  },
)

async function givenUp(shard: readonly ClusterNode[]): Promise<boolean> {
  const other = cluster.nodes.find((node) => !shard.includes(node))
  return String(await other?.call('CLUSTER', 'NODES'))
    .split('\n')
    .some((line) => /master,fail /.test(line))
}

it('a table is still cached after the loss of another shard', async () => {
  for (const node of cluster.nodes) await node.call('CONFIG', 'SET', 'cluster-require-full-coverage', 'no')
  const both = await pair()
  const rows = Array.from({ length: 12 }, (_, index) => index + 1)
  for (const id of rows) await warm(both, '1', id)
  const shard = await shardOf(recordOf(place))
  const lost = await shardOf(await keyElsewhere(shard))
  await Promise.all(lost.map((node) => node.kill()))
  await until(() => givenUp(lost))
  for (const id of rows) await both[0].write(id, '2')
  const hit = async (): Promise<boolean> =>
    (await Promise.all(rows.map((id) => isHit(both[1], id)))).filter(Boolean).length > 3
  await until(hit)
  for (const id of rows) expect(await valuesOf(both, id), FRESH).toEqual(['2', '2'])
  await Promise.all(lost.map((node) => node.start()))
  await cluster.settled()
  for (const id of rows) await allHit(both, id)
  for (const id of rows) expect(await valuesOf(both, id), FRESH).toEqual(['2', '2'])
})

async function keyElsewhere(shard: readonly ClusterNode[]): Promise<string> {
  for (let each = 0; ; each++) {
    const key = `elsewhere:${each}`
    if (!shard.includes(await cluster.primaryOf(key))) return key
  }
}

it('a shard that hangs delays reads up to their deadline, writes resolve, and no read is stale afterwards', async () => {
  const both = await pair()
  await warm(both, '1')
  const shard = await shardOf(recordOf(place))
  for (const node of shard) node.pause()
  await workWithout(both)
  for (const node of shard) node.resume()
  await cluster.settled()
  // The writer hits again only when what it could not say has been said.
  await allHit([both[0]])
  await afterwards(both)
})
