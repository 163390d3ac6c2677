import type { Store } from '@larder/core/store'
import { deferred, settled } from '@larder/testing'
import { describe, expect, it, vi } from 'vitest'
import { computed, readIn } from '../support/computed-value.ts'
import { reads, writes } from '../support/item-host.ts'
import { simulatedProcess } from '../support/simulated-process.ts'

describe('callers that share the load of a computed value', () => {
  it('get one load if nothing was written meanwhile', async () => {
    const shop = simulatedProcess()
    const gate = deferred<void>()
    const load = vi.fn(async () => {
      const row = await readIn(shop, reads.byId(1))
      await gate.promise
      return row
    })
    const ask = () => shop.cache.wrap('page', { ttl: '1m' }, load)
    const calls = Array.from({ length: 5 }, ask)
    await settled()
    gate.resolve()
    expect(await Promise.all(calls)).toMatchObject(Array.from({ length: 5 }, () => ({ v: 1 })))
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('never get data read before a write that returned before their call', async () => {
    const shop = simulatedProcess()
    const gate = deferred<void>()
    const load = vi.fn(async () => {
      const row = await readIn(shop, reads.byId(1))
      await gate.promise
      return row
    })
    const ask = () => shop.cache.wrap('page', { ttl: '1m' }, load)
    const before = ask()
    await settled()
    await shop.put(writes.touch(1))
    await settled()
    const after = Array.from({ length: 5 }, ask)
    await settled()
    gate.resolve()
    expect(await before).toMatchObject({ v: 1 })
    expect(await Promise.all(after)).toMatchObject(Array.from({ length: 5 }, () => ({ v: 1_001 })))
    expect(load.mock.calls.length).toBeLessThanOrEqual(3)
  })
})

describe('a computed value with a `maxStaleness`', () => {
  const options = { reads: ['note'], maxStaleness: '30s' } as const

  /** As the store of processes of their own. */
  const separate = ({ sharedAs: _, ...store }: Store): Store => store

  it('is never older than a write of this process that has returned', async () => {
    const shop = simulatedProcess()
    const { ask } = computed(shop, () => readIn(shop, reads.byId(1)), options)
    await ask()
    await shop.put(writes.touch(1))
    expect((await ask()).result).toMatchObject({ v: 1_001 })
  })

  it('is not kept if it bypassed the cache, because its dependencies are unknown', async () => {
    const shop = simulatedProcess({ wrapStore: separate })
    const other = simulatedProcess({ wrapStore: separate, sharedWith: shop })
    const { ask } = computed(shop, () => readIn(shop, reads.byId(1)), options)
    const gate = deferred<void>()
    const put = other.put(writes.touch(1, 'note'), async (mutation) => {
      await gate.promise
      return shop.database.write(mutation)
    })
    await settled()
    expect(await ask()).toMatchObject({ reason: 'dirty', result: { v: 1 } })
    await shop.put(writes.touch(1))
    expect((await ask()).result).toMatchObject({ v: 1_001 })
    gate.resolve()
    await put
  })
})
