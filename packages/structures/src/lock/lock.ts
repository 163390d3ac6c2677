import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { CacheError, type Duration } from '@larder/core/store'
import { checkClient, type StructureClient } from '../base/client.ts'
import { callback, checkNames, duration, text } from '../base/options.ts'
import { within } from '../base/wait.ts'
import { deadlineIn } from './deadline.ts'
import { FENCE_KEPT, type HeldLock, holdLock } from './held-lock.ts'
import { ACQUIRE, RELEASE } from './scripts.ts'

/** Options of {@link createLock}. */
export interface LockOptions {
  /** Prefix of the keys. Default `'larder:lock'`. */
  prefix?: string
}

/** Options of `acquire` and `using`. */
export interface AcquireOptions {
  /** How long the lock outlives a holder that died or was cut off. Its holder renews it after a third of this. At least 50 ms. */
  ttl: Duration
  /** How long to wait while another holds it. Default 0 for `acquire`, `'5s'` for `using`. */
  wait?: Duration
}

/** Locks by name. Made by {@link createLock}. */
export interface Lock {
  /**
   * Takes the lock, or resolves to `null` if another still holds it after `wait`.
   * @throws CacheError `LARDER_STORE` if Valkey does not answer.
   */
  acquire(name: string, options: AcquireOptions): Promise<HeldLock | null>
  /**
   * Waits for the lock, runs `work`, releases it, and resolves to what `work` returned.
   * @throws CacheError `LARDER_LOCK_TIMEOUT` if another still holds it after `wait`; `LARDER_LOCK_LOST` if the lock was lost
   * before `work` resolved, so that another may have worked at the same time; `LARDER_STORE` if Valkey does not answer.
   */
  using<T>(
    name: string,
    options: AcquireOptions,
    work: (lock: Pick<HeldLock, 'fence' | 'signal'>) => Promise<T> | T,
  ): Promise<T>
}

const SHORTEST_TTL = 50
/** Longest wait for one answer (ms). */
const ANSWER_WAIT = 5_000
const FIRST_PAUSE = 10
const LONGEST_PAUSE = 250

/**
 * Creates locks among processes. A lock is advisory: it keeps others out only as long as its holder runs and Valkey keeps its
 * data. Where that is not enough, store the `fence` with what you write, and refuse a smaller one.
 * @param client an iovalkey or ioredis client or Cluster, which stays yours.
 * @throws CacheError `LARDER_CONFIG` that names a wrong option.
 * @example
 * ```ts
 * import { createLock } from '@larder/structures'
 *
 * const lock = createLock(new Redis(url))
 * await lock.using('order:123', { ttl: '30s', wait: '5s' }, async ({ signal, fence }) => {
 *   const rate = await fetch('https://example.com/rate', { signal })
 *   await db.execute(sql`UPDATE orders SET rate = ${await rate.text()}, fence = ${fence} WHERE id = 123 AND fence <= ${fence}`)
 * })
 * ```
 */
export function createLock(client: StructureClient, options: LockOptions = {}): Lock {
  checkClient(client, 'createLock')
  checkNames(options, ['prefix'], 'createLock')
  const prefix = text(options.prefix ?? 'larder:lock', 'prefix')

  const acquire = async (name: string, ttl: number, patience: number): Promise<HeldLock | null> => {
    const key = `${prefix}:${text(name, 'name')}`
    const end = performance.now() + patience
    const token = randomBytes(16).toString('base64url')
    for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE)) {
      const deadline = deadlineIn(ttl)
      const [taken, detail] = await attempt(client, key, token, ttl)
      if (taken) {
        const lock = holdLock({ client, key, name, token, fence: BigInt(detail), ttl, deadline })
        // The answer may have come after the ttl.
        if (!lock.signal.aborted) return lock
        await RELEASE(client, key, token, FENCE_KEPT).catch(() => {})
      }
      const remaining = end - performance.now()
      if (remaining <= 0) return null
      const free = taken ? 0 : Number(detail)
      await wait(Math.min(remaining, free + 1, pause * (0.5 + Math.random() / 2)))
    }
  }

  return {
    async acquire(name, given) {
      const { ttl, wait: patience } = check(given, 'acquire', 0)
      return acquire(name, ttl, patience)
    },
    async using(name, given, work) {
      const { ttl, wait: patience } = check(given, 'using', '5s')
      callback(work, 'work', '({ signal, fence }) => …')
      const lock = await acquire(name, ttl, patience)
      if (lock === null)
        throw new CacheError(
          'LARDER_LOCK_TIMEOUT',
          `the lock ${JSON.stringify(name)} was not free within ${patience} ms: give a longer wait, or try again later`,
        )
      try {
        const result = await work({ fence: lock.fence, signal: lock.signal })
        lock.signal.throwIfAborted()
        return result
      } finally {
        await lock[Symbol.asyncDispose]()
      }
    },
  }
}

function check(options: AcquireOptions, method: string, patience: Duration): { ttl: number; wait: number } {
  checkNames(options, ['ttl', 'wait'], method)
  return {
    ttl: duration(options.ttl, 'ttl', SHORTEST_TTL),
    wait: duration(options.wait ?? patience, 'wait', 0),
  }
}

/** Whether the lock was taken, and its fence, or for how long the holder has it (ms). */
async function attempt(
  client: StructureClient,
  key: string,
  token: string,
  ttl: number,
): Promise<readonly [boolean, string]> {
  const reply = ACQUIRE(client, key, token, ttl, FENCE_KEPT)
  try {
    const [taken, detail] = (await within(Math.min(ANSWER_WAIT, ttl), 'lock.acquire', reply)) as [
      number,
      string | number,
    ]
    return [taken === 1, String(detail)]
  } catch (error) {
    // The caller has given up. If the server takes the lock after all, release it.
    reply.then(() => RELEASE(client, key, token, FENCE_KEPT)).catch(() => {})
    throw error
  }
}
