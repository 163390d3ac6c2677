import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Context } from '../context.ts'
import type { Row } from '../sheet.ts'
import { quantile } from '../statistics.ts'
import { MODES, type Mode, nameOf, openCache } from './caches.ts'
import type { Server } from './server.ts'
import { openShop } from './shop.ts'
import { type NewStock, type Ready, readStock, type Watch, wallClock } from './stock.ts'

const SHARES = [0.5, 0.9, 0.99, 1]

/** How soon a write in one process is seen by reads in another one, which has the old value in its memory. */
export async function benchSeen(context: Context): Promise<void> {
  const server = await context.server()
  const writes = context.quick ? 200 : 1_000
  const rows: Row[] = []
  for (const mode of MODES) {
    const found = await watchWrites(server, mode, writes)
    const times = SHARES.map((share) => Math.max(0, quantile(found.delays, share)))
    rows.push({
      name: `${nameOf(mode)}: hits from ${found.source}`,
      figures: [...times, found.late].map((value) => ({ value })),
    })
  }
  context.show({
    id: 'delay',
    title: 'Two processes: from the end of a write in one to its being seen in the other',
    note: `${writes} writes to an item that the other process reads without a pause. 0: seen before
the writer was told that its write had ended. Late: writes after whose end a
read began that still gave the old value.`,
    columns: [
      ...(['p50', 'p90', 'p99', 'max'] as const).map((name) => ({ name, unit: 'ms' }) as const),
      { name: 'late', unit: 'count' },
    ],
    rows,
  })
}

interface WriteDelays {
  /** Ms, one for each write. */
  readonly delays: readonly number[]
  /** Where the reads of the other process were answered from before the write. */
  readonly source: string
  readonly late: number
}

async function watchWrites(server: Server, mode: Mode, writes: number): Promise<WriteDelays> {
  const { url, client } = server
  const namespace = `${server.prefix}-seen-${mode}`
  const cache = await openCache({ url, namespace, mode, finish: 'await' })
  const key = `${server.prefix}:stock:${mode}`
  await client.set(key, 0, 'EX', 600)
  const shop = openShop(cache, () => readStock(client, key))
  const watcher = fork(new URL('watcher.ts', import.meta.url), [url, namespace, mode, key])
  try {
    await once(watcher, 'message', { signal: AbortSignal.timeout(START) })
    const delays: number[] = []
    let [late, source] = [0, '']
    for (let stock = 1; stock <= writes; stock++) {
      source = (await ask<Ready>(watcher, { stock })).ready
      const seen = next<NewStock>(watcher)
      await shop.writeItem(1, async () => void (await client.set(key, stock, 'EX', 600)))
      const ended = wallClock()
      const told = await seen
      delays.push(told.seenAt - ended)
      if (told.lastOldRead > ended) late++
    }
    return { delays, source, late }
  } finally {
    watcher.kill()
    await cache.close()
  }
}

/** How long the other process may take to begin, and to see one write, in ms. */
const START = 20_000
const LONGEST = 10_000

function ask<T>(watcher: ChildProcess, watch: Watch): Promise<T> {
  watcher.send(watch)
  return next(watcher)
}

async function next<T>(watcher: ChildProcess): Promise<T> {
  const [told] = await once(watcher, 'message', { signal: AbortSignal.timeout(LONGEST) })
  return told as T
}
