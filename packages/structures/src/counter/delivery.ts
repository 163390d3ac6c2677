import { randomBytes } from 'node:crypto'
import type { StructureClient } from '../base/client.ts'
import { ACKNOWLEDGE, GIVE_BACK, TAKE } from './scripts.ts'
import { batchId } from './send.ts'

/** What a counter delivers to, and how much at once. */
export interface DeliveryOptions {
  readonly flush: (deltas: Map<string, number>, batch: string) => Promise<unknown>
  /** Ids of one batch. */
  readonly most: number
  /** How long a batch belongs to the process that took it (ms). */
  readonly retryAfter: number
}

/**
 * Delivers batches until nothing is left, or another process has the next one.
 * Resolves to the number of batches. Rejects as `flush` does; the batch is then free for any process.
 */
export function createDelivery(
  client: StructureClient,
  key: string,
  { flush, most, retryAfter }: DeliveryOptions,
): () => Promise<number> {
  const holder = randomBytes(9).toString('base64url')
  const deliver = async (): Promise<number> => {
    for (let batches = 0; ; batches++) {
      const [id, ...flat] = (await TAKE(client, key, holder, retryAfter, most, batchId())) as string[]
      if (id === undefined) return batches
      try {
        await flush(deltasOf(flat), id)
      } catch (error) {
        // If this fails as well, the batch is free after `retryAfter`.
        await GIVE_BACK(client, key, id, holder).catch(() => {})
        throw error
      }
      await ACKNOWLEDGE(client, key, id)
    }
  }
  let last: Promise<unknown> = Promise.resolve()
  // One after the other: a delivery that runs already may have looked before the caller's increment.
  return () => {
    const next = last.then(deliver)
    last = next.catch(() => {})
    return next
  }
}

function deltasOf(flat: readonly string[]): Map<string, number> {
  const deltas = new Map<string, number>()
  for (let at = 0; at + 1 < flat.length; at += 2) deltas.set(flat[at] as string, Number(flat[at + 1]))
  return deltas
}
