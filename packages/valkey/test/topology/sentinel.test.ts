import { setTimeout as wait } from 'node:timers/promises'
import { FRESH, type OwnServer, repeatWhenBusy, type Sentinels, startSentinels } from '@larder/testing'
import type { ValkeyStoreOptions } from '@larder/valkey'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { until } from '../support/server.ts'
import { brief, startLoad } from '../support/server-load.ts'
import { allHit, type Member, valuesOf, warm } from '../support/server-members.ts'
import { useTestPlace } from '../support/test-place.ts'

repeatWhenBusy()

let set: Sentinels
const place = useTestPlace()

beforeAll(async () => {
  // What docs ask for: a primary without replicas takes no writes.
  const replicas = ['--min-replicas-to-write', '1', '--min-replicas-max-lag', '2']
  set = await startSentinels([...replicas, '--maxmemory-policy', 'allkeys-lru'])
})
afterAll(async () => {
  await set?.stop()
})
afterEach(async () => {
  for (const server of set.servers) server.resume()
})

const options = (): ValkeyStoreOptions => ({ sentinels: [...set.addresses], name: set.name })
function pair(): Promise<[Member, Member]> {
  return place.joinPair(options())
}

it('the loss of one Sentinel or of all does not affect established connections', async () => {
  const both = await pair()
  await warm(both, '1')
  for (const sentinel of set.sentinels) await sentinel.kill()
  await both[0].write(1, '2')
  expect(await valuesOf(both), FRESH).toEqual(['2', '2'])
  await allHit(both)
  for (const sentinel of set.sentinels.slice(1)) await sentinel.start()
  // The first address of the list answers nobody.
  const late = await place.join(options())
  await allHit([late])
  await set.sentinels[0]?.start()
})

it('a primary that hung while another replaced it is not used when it is back', async () => {
  await until(async () => (await linked()) === 2)
  const [writer, reader] = await pair()
  await warm([writer, reader], '1')
  const old = await set.primary()
  old.pause()
  await until(async () => (await set.primary()) !== old)
  await allHit([writer])
  await writer.write(1, '2')
  old.resume()
  // It holds the entry of '1' and its tags as they were, and thinks for some seconds that it is the primary.
  const until2s = performance.now() + 2_000
  await until(() => performance.now() > until2s)
  for (let time = 0; time < 100; time++) {
    expect(await valuesOf([writer, reader]), FRESH).toEqual(['2', '2'])
    await wait(10)
  }
  await allHit([writer, reader])
  expect(await valuesOf([writer, reader]), FRESH).toEqual(['2', '2'])
})

it('the store leaves a demoted server and never uses a replica as the primary', async () => {
  const both = await pair()
  const old = await set.primary()
  const load = startLoad(both, [1, 2, 3], { writes: 20 })
  await load.hits(10)
  await until(() => set.sentinels[0]!.call('SENTINEL', 'FAILOVER', set.name).then(() => true))
  await until(async () => (await set.primary()) !== old)
  await load.hits(10)
  await load.stop()
  expect(load.rejected).toEqual([])
  // What the old primary took while the new one began is lost: two seconds, no more.
  expect(brief(load.stale(() => 2_000)), FRESH).toEqual([])
})

/** How many replicas follow the primary. */
async function linked(): Promise<number> {
  const primary: OwnServer = await set.primary()
  return Number(/connected_slaves:(\d+)/.exec(String(await primary.call('INFO', 'replication')))?.[1])
}
