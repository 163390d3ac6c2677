import { ITEM } from '../item-host.ts'
import type { Item } from './shop.ts'

/** Of the JSON of an item, about. */
export type Size = keyof typeof LENGTHS

/** Characters of the text that an item has beside its other columns. */
const LENGTHS = { '300 B': 0, '3 kB': 2_700, '30 kB': 29_700 } as const
/** Not one letter over and over, which some encoder could make shorter. */
const TEXT = Array.from({ length: 30_000 }, (_, at) => String.fromCharCode(97 + ((at * at) % 23))).join('')

export function itemOf(size: Size, id: number): Item & { readonly manual?: string } {
  const length = LENGTHS[size]
  return length === 0 ? { ...ITEM, id } : { ...ITEM, id, manual: TEXT.slice(0, length) }
}
