import { seededRandom, zipf } from '@larder/testing'

/** One request of the shop's visitors or staff. */
export type Operation =
  | { readonly kind: 'product' | 'page'; readonly id: number }
  | { readonly kind: 'list'; readonly category: string }
  | { readonly kind: 'stock'; readonly sku: string }
  | { readonly kind: 'price'; readonly id: number }
  | { readonly kind: 'order'; readonly sku: string; readonly quantity: number }

/** Products of the seed. */
export const PRODUCTS = 2_000
/** Products that everybody wants to buy, and of which there are few. */
export const SCARCE = 8
export const PIECES = 25

const SKEW = 1.2
/** Shares of 100 requests; the rest are product reads. The first two write. */
const SHARES = { price: 1, order: 2, page: 10, list: 8, stock: 19 } as const
export const WRITES = SHARES.price + SHARES.order

const CATEGORIES = [
  'pans',
  'knives',
  'bowls',
  'kettles',
  'spades',
  'hoses',
  'pots',
  'seeds',
  'chairs',
  'lamps',
] as const

/** An endless sequence of requests, the same for the same seed. A few products get most of them (Zipf's law). */
export function* workload(seed: number): Generator<Operation, never> {
  const random = seededRandom(seed)
  const rank = zipf(PRODUCTS, SKEW, random)
  // Popularity has nothing to do with the number: 977 and 2,000 have no common divisor.
  const popular = (): number => 1 + ((rank() * 977) % PRODUCTS)
  const whole = (below: number): number => Math.floor(random() * below)
  for (;;) yield pick(random, popular, whole)
}

function pick(random: () => number, popular: () => number, whole: (below: number) => number): Operation {
  let share = random() * 100
  const falls = (kind: keyof typeof SHARES): boolean => {
    share -= SHARES[kind]
    return share < 0
  }
  if (falls('price')) return { kind: 'price', id: popular() }
  if (falls('order')) return { kind: 'order', sku: skuOf(1 + whole(SCARCE)), quantity: 1 + whole(2) }
  if (falls('page')) return { kind: 'page', id: popular() }
  if (falls('list')) return { kind: 'list', category: CATEGORIES[whole(CATEGORIES.length)] ?? 'pans' }
  // Half of the looks at stock are at what is being sold out.
  if (falls('stock')) return { kind: 'stock', sku: skuOf(random() < 0.5 ? 1 + whole(SCARCE) : popular()) }
  return { kind: 'product', id: popular() }
}

export const skuOf = (id: number): string => `P-${String(id).padStart(5, '0')}`
