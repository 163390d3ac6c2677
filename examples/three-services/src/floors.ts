import { PIECES, SCARCE, skuOf } from './workload.ts'

/**
 * What a read may show at the least, or at the most, by the writes that had returned before it began. Prices only rise in this
 * load, and counts only fall, so that an old value can never pass for the present one.
 */
export interface Floors {
  /** The next price of a product, in cents. */
  nextPrice(id: number): number
  priced(id: number, cents: number): void
  /** Cents that a read which begins now must show at least. */
  priceOf(id: number): number
  sold(sku: string, quantity: number): void
  /** Pieces that a read which begins now may show at most. */
  leftOf(sku: string): number
}

/** Above every price of the seed. */
const FIRST = 100_000

export function createFloors(): Floors {
  let highest = FIRST
  const prices = new Map<number, number>()
  const left = new Map(Array.from({ length: SCARCE }, (_, index) => [skuOf(index + 1), PIECES]))
  return {
    nextPrice: () => ++highest,
    priced: (id, cents) => void prices.set(id, Math.max(cents, prices.get(id) ?? 0)),
    priceOf: (id) => prices.get(id) ?? 0,
    sold: (sku, quantity) => void left.set(sku, (left.get(sku) ?? 0) - quantity),
    leftOf: (sku) => left.get(sku) ?? Number.POSITIVE_INFINITY,
  }
}
