import type { Catalogue } from './catalogue.ts'
import type { Budget } from './rounds.ts'
import { benchBurst } from './valkey/burst.ts'
import { benchHeadline } from './valkey/headline.ts'
import { benchHerds } from './valkey/herds.ts'
import { benchHits } from './valkey/hits.ts'
import { benchMemory } from './valkey/memory.ts'
import { benchPrismaHits } from './valkey/prisma.ts'
import { benchSeen } from './valkey/seen.ts'
import { openServer, type Server } from './valkey/server.ts'
import { benchThroughput } from './valkey/throughput.ts'
import { benchWrites } from './valkey/writes.ts'

/** What a server in between costs: hits, throughput, bursts, writes, memory, and how soon a write is seen elsewhere. */
export async function benchValkey(catalogue: Catalogue, budget: Budget, quick: boolean): Promise<void> {
  const server = await openServer().catch((error: unknown) => {
    console.log(`\nEverything with a server is left out: ${(error as Error).message}`)
  })
  if (!server) return
  try {
    console.log(`\nFrom here on with a server, ${budget.rounds} rounds: ${server.description}`)
    await benchAll(catalogue, server, budget, quick)
  } finally {
    await server.close()
  }
}

async function benchAll(catalogue: Catalogue, server: Server, budget: Budget, quick: boolean): Promise<void> {
  await benchHits(server, budget)
  await benchMemory(server)
  await benchThroughput(server, quick ? 20 : 60)
  await benchPrismaHits(catalogue, server, budget)
  await benchBurst(server, quick ? 4 : 20)
  await benchHerds(server, quick ? 3 : 20)
  await benchWrites(catalogue, server, budget, quick)
  await benchSeen(server, quick ? 200 : 1_000)
  await benchHeadline(server, quick)
}
