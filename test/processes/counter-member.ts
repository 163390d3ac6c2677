import { setTimeout as pause } from 'node:timers/promises'
import { createCache } from '@larder/core'
import { valkeyStore } from '@larder/valkey'
import { COUNTERS } from './counters.ts'

// One of several processes that increment and read one row, which is written through.

/** A message to the process. */
export type CounterAsk =
  | { readonly storm: number; readonly lanes: number }
  | { readonly rounds: number; readonly pause: number }
  | { readonly read: true }

/** The value of a write and when it returned, or of a read and when it began (ms, one clock for all processes). */
export type TimedValue = readonly [at: number, quantity: number]

export interface CounterAnswer {
  readonly writes: readonly TimedValue[]
  readonly reads: readonly TimedValue[]
  readonly hits: number
}

const [store = '', database = '', namespace = '', host = ''] = process.argv.slice(2)
const cache = createCache({ namespace, store: valkeyStore(store) })
const counter = COUNTERS[host as keyof typeof COUNTERS](cache, database)
const now = (): number => Number(process.hrtime.bigint()) / 1e6

async function increment(writes: TimedValue[]): Promise<void> {
  const quantity = await counter.increment()
  writes.push([now(), quantity])
}

/** Increments in `lanes` concurrent loops, `storm` times in all. */
async function storm(
  { storm: all, lanes }: { storm: number; lanes: number },
  writes: TimedValue[],
): Promise<void> {
  let remaining = all
  const lane = async (): Promise<void> => {
    while (remaining-- > 0) await increment(writes)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

async function read(reads: TimedValue[]): Promise<void> {
  const began = now()
  reads.push([began, await counter.read()])
}

async function work(counterAsk: CounterAsk): Promise<CounterAnswer> {
  const [writes, reads]: [TimedValue[], TimedValue[]] = [[], []]
  const before = cache.stats().hits
  if ('storm' in counterAsk) await storm(counterAsk, writes)
  else if ('read' in counterAsk) await read(reads)
  else
    for (let round = 0; round < counterAsk.rounds; round++) {
      await increment(writes)
      for (let time = 0; time < 6; time++) {
        await pause(Math.random() * counterAsk.pause)
        await read(reads)
      }
    }
  return { writes, reads, hits: cache.stats().hits - before }
}

process.on('message', async (counterAsk: CounterAsk) => process.send?.(await work(counterAsk)))
process.send?.({})
