import { setTimeout as wait } from 'node:timers/promises'
import { storeContract, valkeyUrl } from '@larder/testing'
import { type ValkeyStore, valkeyStore } from '@larder/valkey'

const open = async (): Promise<ValkeyStore> => {
  const store = valkeyStore(await valkeyUrl())
  await store.ping()
  return store
}

storeContract('valkeyStore', open, { pass: (ms) => wait(ms) })
