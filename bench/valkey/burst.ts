import { type Catalogue, openServerCatalogue } from '../catalogue.ts'
import { count, quantile } from '../statistics.ts'
import { table } from '../table.ts'
import { cacheAside } from './cache-aside.ts'
import { type Client, larderClient, peerClient } from './prisma.ts'
import type { Server } from './server.ts'

const REQUESTS = 5_000
const KEYS = 500
/** No burst begins after so many ms. */
const LONGEST = 30_000

/** One way to read a report, and what bursts of requests did to it. */
interface Target {
  readonly name: string
  burst(): Promise<void>
  /** Figures of its row. */
  row(): string[]
  close(): Promise<void>
}

/** Bursts of requests that all come at once, over a cache that is cold at first: who protects the database. */
export async function benchBurst(server: Server, most: number): Promise<void> {
  const catalogue = await openServerCatalogue(KEYS).catch((error: unknown) => {
    console.log(`\nBursts are left out: ${(error as Error).message}`)
  })
  if (!catalogue) return
  try {
    await compareBursts(catalogue, server, most)
  } finally {
    await catalogue.close()
  }
}

async function compareBursts(catalogue: Catalogue, server: Server, most: number): Promise<void> {
  const targets = [
    target('Larder', await larderClient(catalogue, server), catalogue),
    target('prisma-extension-redis', peerClient(catalogue, server), catalogue),
    target('cache-aside by hand', byHand(catalogue, server), catalogue),
  ]
  try {
    // They take turns. A database that is not protected makes a burst last.
    let bursts = 0
    for (const end = performance.now() + LONGEST; bursts < most && performance.now() < end; bursts++)
      for (const { burst } of targets) await burst()
    console.log(`
Prisma on a PostgreSQL server, and the store's: bursts
${bursts} bursts of ${count(REQUESTS)} requests at once, over ${KEYS} keys; the cache is empty before the
first. Loads are SQL statements: ${KEYS} are needed.

${table(
  ['case', 'requests/s', 'p99', 'loads'],
  targets.map(({ row }) => row()),
  13,
)}`)
  } finally {
    for (const { close } of targets) await close()
  }
}

function target(name: string, { client, close }: Client, { statements }: Catalogue): Target {
  const times: number[] = []
  let whole = 0
  let loads = 0
  const read = async (id: number): Promise<void> => {
    const began = performance.now()
    await client.strike.findFirst({ where: { id } })
    times.push(performance.now() - began)
  }
  return {
    name,
    close,
    async burst() {
      const [sent, began] = [statements(), performance.now()]
      await Promise.all(Array.from({ length: REQUESTS }, (_, index) => read(1 + (index % KEYS))))
      whole += performance.now() - began
      loads += statements() - sent
    },
    row() {
      const rate = (times.length * 1_000) / whole
      return [name, count(rate), `${quantile(times, 0.99).toFixed(0)} ms`, count(loads)]
    },
  }
}

function byHand({ prisma }: Catalogue, { connect, prefix }: Server): Client {
  const redis = connect()
  return {
    client: {
      strike: {
        findFirst: ({ where }) =>
          cacheAside(redis, `${prefix}:burst:${where.id}`, () => prisma.strike.findFirst({ where })),
      },
    },
    close: async () => redis.disconnect(),
  }
}
