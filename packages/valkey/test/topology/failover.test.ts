import {
  type Cluster,
  FRESH,
  type OwnServer,
  repeatWhenBusy,
  type Sentinels,
  startCluster,
  startSentinels,
} from '@larder/testing'
import type { ValkeyStoreOptions } from '@larder/valkey'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { connectTo, until } from '../support/server.ts'
import { brief, type Load, startLoad } from '../support/server-load.ts'
import { isHit, type Member, recordOf, valuesOf, warm } from '../support/server-members.ts'
import { useTestPlace } from '../support/test-place.ts'

repeatWhenBusy()

/** What is promised: no stale read later than this after the promoted primary first answered, in milliseconds. */
const BOUND = 2_000

const place = useTestPlace()
const { members } = place

/** The record of the table, as a replica has it too. */
async function recordAt(server: OwnServer): Promise<Record<string, string>> {
  const client = connectTo(server.url)
  try {
    // A replica of a cluster answers only those who say that they know what it is.
    await client.readonly().catch(() => {})
    return await client.hgetall(recordOf(place))
  } finally {
    client.disconnect()
  }
}

/** From now on the replica signs in with a name that nobody has: it follows no more, and keeps what it has. */
async function cutOff(primary: OwnServer, replicas: readonly OwnServer[]): Promise<void> {
  for (const replica of replicas)
    await replica.call('CONFIG', 'SET', 'masteruser', 'nobody', 'masterauth', 'x')
  await primary.call('CLIENT', 'KILL', 'TYPE', 'replica')
  for (const replica of replicas)
    await until(async () => String(await replica.call('INFO', 'replication')).includes('link_status:down'))
}

const isPrimary = async (server: OwnServer): Promise<boolean> =>
  String(await server.call('INFO', 'replication')).includes('role:master')

interface Loss {
  readonly options: ValkeyStoreOptions
  readonly primary: OwnServer
  readonly replicas: readonly OwnServer[]
  /** Whether the writer ends before its server does: else it may say again what was lost. */
  readonly writerEnds: boolean
}

/** A write whose bump dies with the primary; resolves when the readers have been watched for long enough. */
async function loseBump({ options, primary, replicas, writerEnds }: Loss): Promise<void> {
  const writer = await place.join(options, 'off')
  const readers = await place.joinInEachMode(options)
  await warm(members, '1')
  // A replica that had not heard of the entry would not be able to serve it.
  await until(
    async () => String(await recordAt(replicas[0]!)) !== '{}' && (await behind(primary, replicas)) === 0,
  )
  await cutOff(primary, replicas)
  const before = await recordAt(replicas[0]!)
  expect(Object.keys(before).length).toBeGreaterThan(0)

  await writer.write(1, '2')
  await until(async () => (await recordAt(primary)).list !== before.list)
  for (const replica of replicas) expect(await recordAt(replica)).toEqual(before)
  // Nobody reads before the primary dies: the entry of '1' stays where it is, in a cluster on whichever node.
  if (writerEnds) await writer.cache.close()
  const load = startLoad(readers, [1], { reads: 5 })
  await primary.kill()
  const answered = await firstAnswer(replicas)
  await until(() => performance.now() > answered + BOUND)
  await load.hits(5)
  await load.stop()
  checkReads(load, answered)
  await readers[0]!.write(1, '3')
  expect(await valuesOf(readers.filter(({ mode }) => mode !== 'push')), FRESH).toEqual(['3', '3'])
}

/** How many bytes of what the primary said the replicas have not taken in. */
async function behind(primary: OwnServer, replicas: readonly OwnServer[]): Promise<number> {
  const offsets = await Promise.all(
    [primary, ...replicas].map(async (server) =>
      Number(/^master_repl_offset:(\d+)/m.exec(String(await server.call('INFO', 'replication')))?.[1]),
    ),
  )
  return Math.max(...offsets) - Math.min(...offsets)
}

/** When a promoted replica had first said that it is a primary. */
async function firstAnswer(replicas: readonly OwnServer[]): Promise<number> {
  await until(async () => (await Promise.all(replicas.map(isPrimary))).some(Boolean))
  return performance.now()
}

function checkReads(load: Load, answered: number): void {
  const stale = load.seen.filter(({ value }) => value !== 2)
  const late = stale.filter(({ began }) => began >= answered + BOUND)
  const last = stale.length
    ? `, the last begun ${Math.round(Math.max(...stale.map(({ began }) => began)) - answered)} ms after the promotion`
    : ''
  process.stdout.write(`stale: ${stale.length} of ${load.seen.length} reads${last}\n`)
  expect(load.rejected).toEqual([])
  expect(brief(late, answered), FRESH).toEqual([])
  // Reads answer within their deadline; the rest is a machine that is busy.
  expect(Math.max(...load.seen.map(({ took }) => took))).toBeLessThan(1_000)
}

describe('a primary of a Cluster dies with invalidations that no replica received', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster({ settings: ['--maxmemory-policy', 'allkeys-lru'] })
  })
  afterAll(() => cluster?.stop())

  it.each([true, false])('and no read is stale two seconds later (writer dead: %s)', async (writerEnds) => {
    await until(async () => {
      const primary = await cluster.primaryOf(recordOf(place))
      return (await cluster.replicasOf(primary)).length > 0
    })
    const primary = await cluster.primaryOf(recordOf(place))
    const replicas = await cluster.replicasOf(primary)
    await loseBump({ options: { nodes: [...cluster.urls] }, primary, replicas, writerEnds })
    for (const replica of replicas) await replica.call('CONFIG', 'SET', 'masteruser', '', 'masterauth', '')
    await primary.start()
    await cluster.settled()
  })

  it('a primary that hung while its replica took over is not used when it is back', async () => {
    const options = { nodes: [...cluster.urls] }
    const said = vi.spyOn(console, 'error').mockImplementation(() => {})
    await place.joinInEachMode(options)
    await until(async () => (await cluster.replicasOf(await cluster.primaryOf(recordOf(place)))).length > 0)
    await warm(members, '1')
    const primary = await cluster.primaryOf(recordOf(place))
    primary.pause()
    await until(async () => (await cluster.primaryOf(recordOf(place))) !== primary)
    const promoted = performance.now()
    // Until it hits again, the writer has said nothing to the new primary.
    await until(() => isHit(members[0] as Member))
    process.stdout.write(`hits again ${Math.round(performance.now() - promoted)} ms after the promotion\n`)
    await members[0]?.write(1, '2')
    const load = startLoad(members, [1], { reads: 5 })
    await load.hits(5)
    const resumed = performance.now()
    // It has the entry of '1', and the tags as they were then, and hears of its end a moment later.
    primary.resume()
    await until(() => performance.now() > resumed + BOUND)
    await load.stop()
    expect(load.rejected).toEqual([])
    expect(
      brief(
        load.seen.filter(({ value, began }) => value !== 2 && began >= resumed),
        resumed,
      ),
      FRESH,
    ).toEqual([])
    // The client's library tells the console what nobody listens to.
    expect(said).not.toHaveBeenCalled()
  })
})

describe('a primary under Sentinel dies with invalidations that no replica received', () => {
  let set: Sentinels
  beforeEach(async () => {
    set = await startSentinels(['--maxmemory-policy', 'allkeys-lru'])
  })
  afterEach(() => set?.stop())

  it.each([true, false])('and no read is stale two seconds later (writer dead: %s)', async (writerEnds) => {
    const [primary, ...replicas] = set.servers as [OwnServer, ...OwnServer[]]
    const options = { sentinels: [...set.addresses], name: set.name }
    await loseBump({ options, primary, replicas, writerEnds })
  })
})
