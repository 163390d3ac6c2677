import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { storeContract, valkeyUrl } from '@larder/testing'
import { type ValkeyStore, valkeyStore } from '@larder/valkey'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { look, ownServer, type Server, until } from './server.ts'

const open = async (url: string): Promise<ValkeyStore> => {
  const store = valkeyStore(url)
  await store.ping()
  return store
}

storeContract('valkeyStore', async () => open(await valkeyUrl()), { pass: (ms) => wait(ms) })

// A cluster of one node has every key and still refuses any command or script that touches two slots.
let node: Server
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'larder-valkey-'))
  node = await ownServer(['--cluster-enabled', 'yes', '--dir', folder])
  const server = look(node.url)
  await server.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await until(async () => String(await server.call('CLUSTER', 'INFO')).includes('cluster_state:ok'))
  await expect(server.mget('a', 'b')).rejects.toThrow(/CROSSSLOT/)
  server.disconnect()
})
afterAll(async () => {
  await node.kill()
  rmSync(folder, { recursive: true, force: true })
})

storeContract('valkeyStore on a node of a cluster', () => open(node.url), { pass: (ms) => wait(ms) })

it('a script that touches two slots is refused there, so the contract shows that none does', async () => {
  const store = await open(node.url)
  const cells = ['{one}:k=1', '{two}:k=1']
  await expect(store.seed([{ record: '{one}', fields: [], cells }], 1_000)).rejects.toThrow(/CROSSSLOT|slot/)
  await store.close()
})
