import { timesOf } from '../compare.ts'
import { ITEM } from '../item-host.ts'
import { type Timed, takeTurns } from '../rounds.ts'
import { count, duration, median, ratio, spread } from '../statistics.ts'
import { table } from '../table.ts'
import { cacheAside } from './cache-aside.ts'
import { MODES, type Mode, nameOf, openCache, otherReads, tellOthers } from './caches.ts'
import type { Server } from './server.ts'
import { openShop } from './shop.ts'

const IN_FLIGHT = 64
const KEYS = 500
const REQUESTS = 4_000
/** Thrown away: in them the compiler is still at work. */
const WARM_UP = 3
const BY_HAND = 'cache-aside by hand'

interface Reader {
  readonly name: string
  read(id: number): Promise<unknown>
  /** Begins to count the reads that are no hits. */
  begin(): () => number
  close(): Promise<void>
}

/** Hits on many keys, many requests in flight: what one process gets through. */
export async function benchThroughput(server: Server, rounds: number): Promise<void> {
  const readers = [byHand(server), ...(await Promise.all(MODES.map((mode) => larder(server, mode))))]
  try {
    for (const { read } of readers) for (let id = 0; id < KEYS; id++) await read(id)
    const meters = readers.map(createMeter)
    const cases = meters.map(({ round }, index) => ({ name: readers[index]?.name ?? '', round }))
    await takeTurns(cases, WARM_UP)
    for (const { reset } of meters) reset()
    const others = readers.map(({ begin }) => begin())
    const timed = await takeTurns(cases, rounds)
    const base = timesOf(timed, BY_HAND)
    const lines = timed.map((one, index) => [...line(one, base), duration(median(meters[index]?.cpu ?? []))])
    console.log(`
Store: throughput, ${IN_FLIGHT} requests in flight, hits on ${KEYS} keys
${rounds} rounds of ${count(REQUESTS)} requests each. More than 1 is more than by hand. CPU is that
of this process for one request.

${table(['case', 'requests/s', 'spread', '× by hand', 'CPU'], lines)}`)
    for (const [index, { name }] of readers.entries()) tellOthers(name, others[index]?.() ?? 0)
  } finally {
    for (const { close } of readers) await close()
  }
}

function line({ name, times }: Timed, byHand: readonly number[]): string[] {
  // Rates divide the other way round than times.
  return [name, count(1e9 / median(times)), spread(times), ratio(byHand, times)]
}

/** Ns of one request: on the clock as each round's result, and of this process's CPU in a list. */
function createMeter({ read }: Reader): { round(): Promise<number>; reset(): void; cpu: number[] } {
  const cpu: number[] = []
  return {
    cpu,
    reset: () => void cpu.splice(0),
    async round() {
      let next = 0
      const caller = async (): Promise<void> => {
        while (next < REQUESTS) await read(next++ % KEYS)
      }
      const [began, used] = [performance.now(), process.cpuUsage()]
      await Promise.all(Array.from({ length: IN_FLIGHT }, caller))
      const took = performance.now() - began
      const { user, system } = process.cpuUsage(used)
      cpu.push(((user + system) * 1e3) / REQUESTS)
      return (took * 1e6) / REQUESTS
    },
  }
}

const load = async (id: number): Promise<typeof ITEM> => ({ ...ITEM, id: id as typeof ITEM.id })

function byHand({ connect, prefix }: Server): Reader {
  const client = connect()
  return {
    name: BY_HAND,
    read: (id) => cacheAside(client, `${prefix}:many:${id}`, () => load(id)),
    begin: () => () => 0,
    close: async () => client.disconnect(),
  }
}

async function larder({ url, prefix }: Server, mode: Mode): Promise<Reader> {
  const cache = await openCache({ url, mode, namespace: `${prefix}-many-${mode}` })
  const shop = openShop(cache, load)
  return {
    name: nameOf(mode),
    read: shop.readItem,
    begin: () => otherReads(cache),
    close: () => cache.close(),
  }
}
