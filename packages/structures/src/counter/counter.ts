import type { Duration } from '@larder/core/store'
import { checkClient, type StructureClient } from '../base/client.ts'
import { callback, checkNames, count, duration, keyPart, text } from '../base/options.ts'
import { createAdds } from './adds.ts'
import { createDelivery } from './delivery.ts'
import { createSchedule } from './schedule.ts'
import { PENDING } from './scripts.ts'
import { createSender } from './send.ts'

/** Options of {@link createCounter}. */
export interface CounterOptions {
  /** Identifies the counter. Part of the keys, so no braces. */
  name: string
  /**
   * Writes increments to the database. `deltas` has the sum of each id. A batch is delivered at least once, always under the
   * same id, until the promise resolves. Record the id in the transaction that adds the sums, and skip a batch that is
   * recorded: `prismaFlush` and `drizzleFlush` do that.
   */
  flush: (deltas: Map<string, number>, batch: string) => Promise<unknown>
  /** Pause between two deliveries. Default `'1s'`. */
  every?: Duration
  /** Ids in one batch, 1 to 10,000. Default 1,000. */
  batchSize?: number
  /**
   * How long a batch belongs to the process that took it. If it is not acknowledged by then, the next process that looks
   * delivers it, under the same id. Give more than `flush` ever takes. Default `'10s'`.
   */
  retryAfter?: Duration
  /** Prefix of the keys. Default `'larder:counter'`. */
  prefix?: string
  /** Called when a scheduled delivery failed. It is tried again. Default: a process warning at the first failure of a row. */
  onError?: (error: unknown) => void
}

/** Counts in Valkey and writes the sums to the database in batches. Made by {@link createCounter}. */
export interface Counter {
  /**
   * Adds to an id. Resolves when Valkey has acknowledged it. Calls made while one is in flight share the next.
   * @param by a whole number, also below zero. Default 1.
   * @throws CacheError `LARDER_STORE` if Valkey did not acknowledge it within 5 s: it may have been counted or not.
   */
  add(id: string | number, by?: number): Promise<void>
  /** What was added to an id and is not in the database yet, or, for a list, to each of its ids. */
  pending(id: string | number): Promise<number>
  pending(ids: readonly (string | number)[]): Promise<Map<string, number>>
  /** Delivers batches every `every`. Does nothing if it was started. The timer does not keep the process alive. */
  start(): void
  /** Stops the schedule and delivers what is left. What cannot be delivered stays in Valkey for the next process. */
  stop(): Promise<void>
  /** Delivers now what no other process is delivering. Resolves to the number of batches. Rejects as `flush` does. */
  flush(): Promise<number>
  [Symbol.asyncDispose](): Promise<void>
}

const OPTIONS = ['name', 'flush', 'every', 'batchSize', 'retryAfter', 'prefix', 'onError']

/**
 * Creates a write-behind counter: `add` costs one round trip to Valkey, and the database gets one write per batch.
 * @param client an iovalkey or ioredis client or Cluster, which stays yours.
 * @throws CacheError `LARDER_CONFIG` or `LARDER_DURATION` that names a wrong option.
 * @example
 * ```ts
 * import { createCounter } from '@larder/structures'
 * import { prismaFlush } from '@larder/structures/prisma'
 *
 * const views = createCounter(new Redis(url), {
 *   name: 'views',
 *   flush: prismaFlush(prisma, {
 *     batches: 'counterBatch',
 *     async apply(tx, deltas) {
 *       for (const [id, by] of deltas)
 *         await tx.product.updateMany({ where: { id: Number(id) }, data: { views: { increment: by } } })
 *     },
 *   }),
 * })
 * views.start()
 * await views.add(id)
 * ```
 */
export function createCounter(client: StructureClient, options: CounterOptions): Counter {
  checkClient(client, 'createCounter')
  checkNames(options, OPTIONS, 'createCounter')
  const name = keyPart(options.name, 'name')
  const flush = callback(options.flush, 'flush', '(deltas, batch) => Promise')
  const every = duration(options.every ?? '1s', 'every')
  const most = count(options.batchSize ?? 1_000, 'batchSize', 1, 10_000)
  const retryAfter = duration(options.retryAfter ?? '10s', 'retryAfter')
  const prefix = keyPart(options.prefix ?? 'larder:counter', 'prefix')
  if (options.onError !== undefined) callback(options.onError, 'onError', '(error) => void')

  const key = `{${prefix}:${name}}`
  const adds = createAdds(createSender(client, key))
  const deliver = createDelivery(client, key, { flush, most, retryAfter })
  const report = (error: unknown, failures: number): void => {
    if (options.onError) options.onError(error)
    else if (failures === 1) warn(name, error)
  }
  const schedule = createSchedule(every, deliver, report)
  const pendingOf = async (ids: readonly string[]): Promise<readonly number[]> =>
    ids.length === 0 ? [] : ((await PENDING(client, key, ...ids)) as string[]).map(Number)

  const stop = async (): Promise<void> => {
    schedule.stop()
    await adds.settled()
    await deliver().catch((error) => report(error, 1))
  }
  function pending(id: string | number): Promise<number>
  function pending(ids: readonly (string | number)[]): Promise<Map<string, number>>
  async function pending(
    asked: string | number | readonly (string | number)[],
  ): Promise<number | Map<string, number>> {
    const ids = (typeof asked === 'object' ? asked : [asked]).map(idOf)
    const sums = await pendingOf(ids)
    return typeof asked === 'object' ? new Map(ids.map((id, at) => [id, sums[at] ?? 0])) : (sums[0] ?? 0)
  }
  return {
    async add(id, by = 1) {
      await adds.add(idOf(id), count(by, 'by', -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER))
    },
    pending,
    start: schedule.start,
    stop,
    async flush() {
      await adds.settled()
      return deliver()
    },
    [Symbol.asyncDispose]: stop,
  }
}

const idOf = (id: string | number): string => text(typeof id === 'number' ? String(id) : id, 'id')

function warn(name: string, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error)
  process.emitWarning(`Larder: the counter ${name} could not deliver a batch and tries again: ${reason}`, {
    code: 'LARDER_COUNTER_FLUSH',
  })
}
