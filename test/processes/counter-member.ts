import { setTimeout as pause } from 'node:timers/promises'
import { createCache } from '@larder/core'
import { valkeyStore } from '@larder/valkey'
import { SHOPS } from './counters.ts'

// One of several processes that sell and display one row, which is written through.

/** What a member is asked, one line of IPC each. */
export type Ask =
  | { readonly storm: number; readonly lanes: number }
  | { readonly rounds: number; readonly pause: number }
  | { readonly read: true }

/** A number that was stored, or displayed, and when: a write's return, or a read's beginning (ms, one clock for all). */
export type Moment = readonly [at: number, quantity: number]

export interface Told {
  readonly writes: readonly Moment[]
  readonly reads: readonly Moment[]
  readonly hits: number
}

const [store = '', database = '', namespace = '', host = ''] = process.argv.slice(2)
const cache = createCache({ namespace, store: valkeyStore(store) })
const shop = SHOPS[host as keyof typeof SHOPS](cache, database)
const now = (): number => Number(process.hrtime.bigint()) / 1e6

async function sell(writes: Moment[]): Promise<void> {
  const quantity = await shop.sell()
  writes.push([now(), quantity])
}

/** So many writes, so many of them at once. */
async function storm(
  { storm: all, lanes }: { storm: number; lanes: number },
  writes: Moment[],
): Promise<void> {
  let left = all
  const lane = async (): Promise<void> => {
    while (left-- > 0) await sell(writes)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

async function display(reads: Moment[]): Promise<void> {
  const began = now()
  reads.push([began, await shop.display()])
}

async function work(one: Ask): Promise<Told> {
  const [writes, reads]: [Moment[], Moment[]] = [[], []]
  const before = cache.stats().hits
  if ('storm' in one) await storm(one, writes)
  else if ('read' in one) await display(reads)
  else
    for (let round = 0; round < one.rounds; round++) {
      await sell(writes)
      for (let time = 0; time < 6; time++) {
        await pause(Math.random() * one.pause)
        await display(reads)
      }
    }
  return { writes, reads, hits: cache.stats().hits - before }
}

process.on('message', async (one: Ask) => process.send?.(await work(one)))
process.send?.({})
