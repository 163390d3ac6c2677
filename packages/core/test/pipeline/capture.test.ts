import { settled } from '@larder/testing'
import { describe, expect, it, vi } from 'vitest'
import { type ReadShape, readPlan, reads, writes } from '../support/item-host.ts'
import { type World, world } from '../support/world.ts'

/** Computes a value from the given reads; how often it was computed shows whether it was stored. */
function page(
  { cache, engine, database }: World,
  shapes: readonly ReadShape<unknown>[],
  key: unknown = 'page',
) {
  const load = vi.fn(async () => {
    const rows: unknown[] = []
    for (const shape of shapes)
      rows.push(await engine.read(readPlan(engine, shape, database.read, { options: HOUR })))
    return rows
  })
  const ask = async () => {
    const { result, reads: reports } = await cache.explain(() => cache.wrap(key, { ttl: '1m' }, load))
    await settled()
    return { result, report: reports.find(({ operation }) => operation === 'wrap') }
  }
  return { ask, load }
}

const HOUR = { ttl: '1h' } as const

describe('the value of cache.wrap', () => {
  it('is invalidated by a write to a row that its load read, and by no other', async () => {
    const shop = world()
    const { ask, load } = page(shop, [reads.byId(1), reads.byGroup(0)])
    await ask()
    expect((await ask()).report).toMatchObject({ source: 'memory' })
    await shop.put(writes.touch(2, 'item', true))
    await settled()
    expect((await ask()).report).toMatchObject({ source: 'memory' })
    expect(load).toHaveBeenCalledTimes(1)
    await shop.put(writes.touch(1))
    await settled()
    const { result, report } = await ask()
    expect(report).toMatchObject({ source: 'database', reason: 'invalidated' })
    expect(result).toMatchObject([{ id: 1, v: 1_002 }, [{ id: 1 }, { id: 3 }]])
    expect((await ask()).report).toMatchObject({ source: 'memory' })
  })

  it('depends on a read that was a hit as on one that was loaded', async () => {
    const shop = world()
    await shop.get(reads.byId(1))
    const { ask } = page(shop, [reads.byId(1)])
    await ask()
    await shop.put(writes.touch(1))
    await settled()
    expect((await ask()).result).toMatchObject([{ v: 1_001 }])
  })
})
