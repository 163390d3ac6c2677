import type { Redis } from 'iovalkey'
import { ITEM } from '../item-host.ts'
import type { Item } from './shop.ts'

/** What the watching process is asked: to wait until the item has this stock. */
export interface Watch {
  readonly stock: number
}

/** What it says first: where its answers come from before the write. */
export interface Ready {
  readonly ready: string
}

/** And then: when it had seen the new stock, and when its last read of the old one began. */
export interface NewStock {
  readonly seenAt: number
  readonly lastOldRead: number
}

/** Ms since 1970, finer than a ms; two processes of one machine agree on it well enough. */
export const wallClock = (): number => performance.timeOrigin + performance.now()

/** The database of both processes: one number, on the server. */
export async function readStock(database: Redis, key: string): Promise<Item> {
  return { ...ITEM, stock: Number(await database.get(key)) }
}
