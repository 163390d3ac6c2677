import { createCache, type ValueTypes } from '@larder/core'
import { settled } from '@larder/testing'
import { expect, it, vi } from 'vitest'

/** A class of decimals, as each copy of its library has one. */
function decimals() {
  class Decimal {
    readonly text: string
    readonly isDecimal = true
    constructor(text: string) {
      this.text = text
    }
  }
  const types: ValueTypes = {
    decimal: {
      is: (value) => (value as { isDecimal?: boolean })?.isDecimal === true,
      text: (value) => (value as Decimal).text,
      make: (text) => new Decimal(text),
    },
  }
  return { Decimal, types }
}

function attach(cache: ReturnType<typeof createCache>, types: ValueTypes): void {
  cache.attach({ name: 'shop', schema: { tables: new Map() }, database: undefined, identity: [], types })
}

it("a computed value may contain decimals of the attached host's library", async () => {
  const cache = createCache()
  const { Decimal, types } = decimals()
  attach(cache, types)
  attach(cache, types)
  const load = vi.fn(async () => ({ price: new Decimal('1.50') }))
  const ask = async () => {
    const value = await cache.wrap('price', { ttl: '1m' }, load)
    await settled()
    return value
  }
  await ask()
  const { price } = await ask()
  expect(load).toHaveBeenCalledTimes(1)
  expect(price).toBeInstanceOf(Decimal)
  expect(price.text).toBe('1.50')
})

it('a computed value with decimals is refused if they are of another library copy, or if hosts with two copies are attached', async () => {
  const cache = createCache()
  const [first, second] = [decimals(), decimals()]
  const wrap = (Decimal: typeof first.Decimal) =>
    cache.wrap('price', { ttl: '1m' }, async () => new Decimal('1.50'))
  const refused = { code: 'LARDER_UNENCODABLE' }
  await expect(wrap(first.Decimal)).rejects.toMatchObject(refused)
  attach(cache, first.types)
  await expect(wrap(second.Decimal)).rejects.toMatchObject(refused)
  attach(cache, second.types)
  await expect(wrap(first.Decimal)).rejects.toMatchObject(refused)
  await expect(wrap(second.Decimal)).rejects.toMatchObject(refused)
})
