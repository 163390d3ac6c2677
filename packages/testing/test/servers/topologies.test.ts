import { repeatWhenBusy } from '@larder/testing'
import { expect, it } from 'vitest'
import { startCluster } from '../../src/servers/cluster.ts'
import { startSentinels } from '../../src/servers/sentinel.ts'
import { until } from '../../src/servers/until.ts'

repeatWhenBusy()

it('a cluster starts completely, moves a slot step by step, and replaces a primary', async () => {
  const cluster = await startCluster()
  expect(await cluster.primaries()).toHaveLength(3)
  const from = await cluster.primaryOf('a')
  const to = (await cluster.primaries()).find((node) => node !== from)!
  await from.call('SET', 'a', '1')

  const migration = await cluster.migrateSlot(await cluster.slotOf('a'), to)
  expect(await migration.keys()).toEqual(['a'])
  expect(await from.call('GET', 'a')).toBe('1')
  await expect(from.call('GET', '{a}b')).rejects.toThrow(/^ASK/)
  expect(await migration.move()).toBe(1)
  await expect(from.call('GET', 'a')).rejects.toThrow(/^ASK/)
  await migration.finish()
  expect(await cluster.primaryOf('a')).toBe(to)
  expect(await to.call('GET', 'a')).toBe('1')

  const [replica] = await cluster.replicasOf(to)
  await to.kill()
  await until(async () => (await cluster.primaryOf('a')) === replica)
  await to.start()
  await until(async () => (await cluster.replicasOf(replica!)).includes(to))
  await cluster.failover(to)
  expect(await cluster.primaryOf('a')).toBe(to)
  await cluster.stop()
  await expect(to.call('PING')).rejects.toThrow(/ECONNREFUSED/)
})

it('sentinels replace a primary that has died', async () => {
  const sentinels = await startSentinels()
  const primary = await sentinels.primary()
  expect(primary).toBe(sentinels.servers[0])
  await primary.kill()
  await until(async () => (await sentinels.primary()) !== primary)
  const promoted = await sentinels.primary()
  await until(async () => String(await promoted.call('ROLE')).startsWith('master'))
  await sentinels.stop()
})
