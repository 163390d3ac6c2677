import { createCache } from '@larder/core'
import { repeatWhenBusy } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import { expect, it, onTestFinished } from 'vitest'
import { ownServer } from '../support/server.ts'

repeatWhenBusy()

it('a process finds every entry that another process has warmed', async () => {
  const server = await ownServer()
  onTestFinished(() => server.stop())
  let loads = 0
  const started = async () => {
    const store = valkeyStore(server.url)
    await store.ping()
    const cache = createCache({ store, memory: { mode: 'off' } })
    onTestFinished(() => cache.close())
    const reads = Array.from(
      { length: 300 },
      (_, id) => () =>
        cache.wrap(['page', id], { ttl: '10m' }, async () => `page ${id} ${++loads}`.repeat(100)),
    )
    return { cache, reads }
  }
  const first = await started()
  expect(await first.cache.warm(first.reads, { concurrency: 32 })).toMatchObject({ total: 300, loaded: 300 })
  const second = await started()
  expect(await second.cache.warm(second.reads, { concurrency: 32 })).toMatchObject({ total: 300, hits: 300 })
  expect(loads).toBe(300)
})
