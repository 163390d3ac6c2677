import { type OwnServer, repeatWhenBusy, type Sentinels, startSentinels, startServer } from '@larder/testing'
import { type ValkeyStoreOptions, valkeyStore } from '@larder/valkey'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connectTo, until } from '../support/server.ts'

repeatWhenBusy()

// Addresses that lead somewhere, and not to what they are given for: `ping` says what to give instead.
let set: Sentinels
let node: OwnServer
let plain: OwnServer
beforeAll(async () => {
  ;[set, node, plain] = await Promise.all([
    startSentinels(),
    startServer(['--cluster-enabled', 'yes']),
    startServer(),
  ])
  const server = connectTo(node.url)
  await server.call('CLUSTER', 'ADDSLOTSRANGE', '0', '8000')
  await server.call('CLUSTER', 'ADDSLOTSRANGE', '8002', '16383')
  await server.call('CONFIG', 'SET', 'cluster-require-full-coverage', 'no')
  await until(async () => String(await server.call('CLUSTER', 'INFO')).includes('cluster_state:ok'))
  server.disconnect()
})
afterAll(async () => {
  await Promise.all([set?.stop(), node?.stop(), plain?.stop()])
})

const ping = async (options: string | ValkeyStoreOptions): Promise<string> => {
  const store = valkeyStore(options)
  try {
    return await store.ping().then(
      () => 'usable',
      (error: Error) => error.message,
    )
  } finally {
    await store.close()
  }
}

it('ping names the fix if the Sentinels do not monitor the name', async () => {
  expect(await ping({ sentinels: [...set.addresses], name: set.name })).toBe('usable')
  expect(await ping({ sentinels: [...set.addresses], name: 'another' })).toMatch(/another .*sentinels/i)
})

it('ping names the fix for a server given as a Sentinel', async () => {
  expect(await ping({ sentinels: [{ host: '127.0.0.1', port: plain.port }], name: 'any' })).toMatch(
    /sentinel/i,
  )
})

it('ping names the fix for a server given as a node of a Cluster', async () => {
  expect(await ping({ nodes: [plain.url] })).toMatch(/cluster support disabled/i)
})

it('ping names the fix for a node of a Cluster given as a server', async () => {
  const store = valkeyStore(node.url)
  // A slot of nobody's: what a slot of another node's would answer takes a Cluster to see.
  const record = '{larder:main:lost}'
  const slot = await slotOf(record)
  expect(slot).not.toBe(8001)
  const server = connectTo(node.url)
  await server.call('CLUSTER', 'DELSLOTS', String(slot))
  await expect(store.fetch('e', [{ record, fields: ['list'], cells: [] }])).rejects.toMatchObject({
    code: 'LARDER_STORE',
    message: expect.stringMatching(/nodes: \[url\]/),
  })
  await server.call('CLUSTER', 'ADDSLOTS', String(slot))
  server.disconnect()
  await store.close()
})

async function slotOf(key: string): Promise<number> {
  const server = connectTo(node.url)
  const slot = Number(await server.call('CLUSTER', 'KEYSLOT', key))
  server.disconnect()
  return slot
}
