import type { WrapOptions } from '@larder/core'
import type { ReadPlan } from '@larder/core/host'
import { settled } from '@larder/testing'
import { vi } from 'vitest'
import { type ReadShape, readPlan } from './item-host.ts'
import type { Row } from './simulated-database.ts'
import type { SimulatedProcess } from './simulated-process.ts'

export type Shape = ReadShape<Row | Row[] | null>

/** One read inside a load, as one host asks for it. */
export const readIn = (
  shop: SimulatedProcess,
  shape: Shape,
  more: Partial<ReadPlan<Row | Row[] | null>> = {},
) => shop.engine.read(readPlan(shop.engine, shape, shop.database.read, more))

/** A value computed by `load`; how often it is computed shows whether it was stored. */
export function computed<T>(
  shop: SimulatedProcess,
  load: () => Promise<T>,
  options: Partial<WrapOptions> = {},
) {
  const counted = vi.fn(load)
  const warnings: string[] = []
  shop.cache.on('warning', ({ code, message }) => code === 'wrap-not-stored' && warnings.push(message))
  const ask = async () => {
    const wrap = () => shop.cache.wrap('page', { ttl: '1m', ...options }, counted)
    const { result, reads: reports } = await shop.cache.explain(wrap)
    await settled()
    const report = reports.findLast(({ operation }) => operation === 'wrap')
    return { result, source: report?.source, reason: report?.reason }
  }
  return { ask, load: counted, warnings }
}
