import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { CacheError } from '@larder/core/store'
import type { StructureClient } from '../base/client.ts'
import { within } from '../base/wait.ts'
import { ADD } from './scripts.ts'

/** Ids in one call. */
const MOST_IDS = 1_000
/** How long a call is repeated while the connection fails (ms). */
const PATIENCE = 5_000
const PAUSE = 50

/** Answers of a server that will answer otherwise in a moment. */
const PASSING = /^(LOADING|CLUSTERDOWN|TRYAGAIN|READONLY|MASTERDOWN|MOVED|ASK)\b/

/** Sends increments so that each counts once, even if a connection is lost between a call and its answer. */
export function createSender(
  client: StructureClient,
  key: string,
): (deltas: ReadonlyMap<string, number>) => Promise<void> {
  const writer = randomBytes(9).toString('base64url')
  let calls = 0
  return async (deltas) => {
    const pairs = [...deltas].filter(([, by]) => by !== 0)
    for (let at = 0; at < pairs.length; at += MOST_IDS) {
      const chunk = pairs.slice(at, at + MOST_IDS)
      // The number stays the same when the call is repeated, so that it is counted once.
      const number = ++calls
      await repeat(() => ADD(client, key, writer, number, batchId(), ...chunk.flat()))
    }
  }
}

/** An id that no batch ever had. */
export const batchId = (): string => randomBytes(12).toString('base64url')

async function repeat(call: () => Promise<unknown>): Promise<void> {
  const end = performance.now() + PATIENCE
  for (;;) {
    const remaining = Math.max(1, Math.ceil(end - performance.now()))
    try {
      await within(remaining, 'counter.add', call())
      return
    } catch (error) {
      if (performance.now() + PAUSE > end || !isPassing(error)) throw error
      await wait(PAUSE)
    }
  }
}

function isPassing(error: unknown): boolean {
  const cause = error instanceof CacheError ? error.cause : undefined
  return cause instanceof Error && (cause.name !== 'ReplyError' || PASSING.test(cause.message))
}
