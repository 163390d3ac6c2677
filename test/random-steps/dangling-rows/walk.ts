import { isDeepStrictEqual } from 'node:util'
import type { Cache } from '@larder/core'
import { createRandom, type Random } from '../../support/random.ts'

/** One read or write of a client, with a name for reports. */
export interface Step<Client> {
  readonly name: string
  run(client: Client): PromiseLike<unknown>
}

/** What a walk found. */
export interface DanglingAccount {
  readonly stale: readonly object[]
  /** Writes that the database or the client accepted. */
  readonly succeeded: number
  readonly hits: number
  /** Results that differed from the one before: without any the walk would prove nothing. */
  readonly changed: number
}

interface DanglingWalk<Client> {
  readonly plain: Client
  readonly cached: Client
  readonly cache: Cache
  readonly reads: readonly Step<Client>[]
  draw(random: Random): Step<Client>
  readonly seed: number
  readonly steps: number
}

/** Writes at random through the cached client, and compares every read with the database after each write. */
export async function walkDangling<Client>(walk: DanglingWalk<Client>): Promise<DanglingAccount> {
  const { plain, cached, cache, reads, draw, seed, steps } = walk
  const random = createRandom(seed)
  const stale: object[] = []
  let succeeded = 0
  let changed = 0
  let before: readonly unknown[] = []
  const compare = async (after: string): Promise<void> => {
    const shown = await Promise.all(reads.map((read) => settle(() => read.run(cached))))
    const truth = await Promise.all(reads.map((read) => settle(() => read.run(plain))))
    for (const [at, read] of reads.entries()) {
      if (!isDeepStrictEqual(truth[at], before[at])) changed++
      if (!isDeepStrictEqual(shown[at], truth[at]))
        stale.push({ seed, after, read: read.name, cached: shown[at], database: truth[at] })
    }
    before = truth
  }
  await compare('nothing')
  for (let at = 0; at < steps && !stale.length; at++) {
    const write = draw(random)
    if ((await settle(() => write.run(cached))) !== FAILED) succeeded++
    await compare(write.name)
  }
  return { stale, succeeded, changed, hits: cache.stats().hits }
}

const FAILED = 'failed'

/** A read that the client refuses (a required row is missing) has no result; a write may break a unique key. */
async function settle(run: () => PromiseLike<unknown>): Promise<unknown> {
  try {
    return await run()
  } catch {
    return FAILED
  }
}
