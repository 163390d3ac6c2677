import { isDeepStrictEqual } from 'node:util'
import { createRandom, type Random } from '../../support/random.ts'
import { type Operation, perform } from '../../workload/prisma/operation.ts'
import { settled, spell, UNDO } from '../../workload/prisma/steps.ts'
import type { Account } from '../prisma-walk.ts'
import type { ActionClients } from './clients.ts'
import { queries } from './queries.ts'
import { randomAction } from './writes.ts'

/** What a walk came to. */
export type Walked = Omit<Account, 'resultDependencies'>

/** Takes random steps through the cached client and compares every query with the database after each; ends at a difference. */
export async function walkActions(clients: ActionClients, seed: number, steps: number): Promise<Walked> {
  const random = createRandom(seed)
  const account = { steps: 0, succeeded: 0, stale: [] as Account['stale'][number][], hits: 0, reads: 0 }
  const compare = async (after: string): Promise<void> => {
    const before = clients.cache.stats()
    const cached = await all(clients.under)
    const { hits, reads } = clients.cache.stats()
    account.hits += hits - before.hits
    account.reads += reads - before.reads
    const truth = await all(clients.plain)
    for (const [index, query] of queries.entries())
      if (!isDeepStrictEqual(cached[index], truth[index]))
        account.stale.push({
          ...{ seed, step: account.steps, after, query: spell(query) },
          ...{ cached: cached[index], database: truth[index] },
        })
  }
  await compare('nothing')
  for (; account.steps < steps && !account.stale.length; account.steps++) {
    const writes = Array.from({ length: random.chance(0.75) ? 1 : random.int(2, 3) }, () =>
      randomAction(random),
    )
    // Reads under way while it is written, which must not be stored as they were.
    const beside = random.some(queries, 6).map((query) => perform(clients.under, query))
    const [done] = await Promise.all([take(clients, random, writes), ...beside])
    if (done) account.succeeded++
    const after = writes.map(spell).join('; ')
    await compare(after)
    for (const message of clients.unannounced)
      account.stale.push({
        ...{ seed, step: account.steps, after, query: 'none: a write was not announced' },
        ...{ cached: message, database: undefined },
      })
  }
  return account
}

function take({ under }: ActionClients, random: Random, writes: readonly Operation[]): Promise<boolean> {
  const [first] = writes
  if (first && writes.length === 1) return settled(() => perform(under, first))
  if (random.chance(0.5))
    return settled(() => under.$transaction(writes.map((write) => perform(under, write)) as never[]))
  const undo = random.chance(0.3)
  return settled(() =>
    under.$transaction(
      async (tx) => {
        for (const write of writes) {
          await perform(tx, write)
          await perform(tx, random.pick(queries))
        }
        if (undo) throw UNDO
      },
      { timeout: 60_000, maxWait: 60_000 },
    ),
  )
}

async function all(client: unknown): Promise<readonly unknown[]> {
  return Promise.all(queries.map((query) => perform(client, query)))
}
