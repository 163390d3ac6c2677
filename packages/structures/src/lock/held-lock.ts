import { CacheError } from '@larder/core/store'
import type { StructureClient } from '../base/client.ts'
import { LONGEST_TIMER, within } from '../base/wait.ts'
import { type Deadline, deadlineIn } from './deadline.ts'
import { RELEASE, RENEW } from './scripts.ts'

/** A lock that this process holds, and renews until it is released or lost. */
export interface HeldLock {
  readonly name: string
  /** Greater than that of every earlier holder. Store it with what the lock protects, and refuse a smaller one. */
  readonly fence: bigint
  /**
   * Aborts with `LARDER_LOCK_LOST` when the lock is lost. `aborted` and `throwIfAborted` also ask this process's clock, so
   * that they are right in the first statement after a pause.
   */
  readonly signal: AbortSignal
  /**
   * Releases the lock. Resolves to whether it was still held. A second call does nothing and resolves to `false`.
   * @throws CacheError `LARDER_STORE` if Valkey did not acknowledge it within 2 s: the lock then ends with its ttl.
   */
  release(): Promise<boolean>
  /** Releases it. Never rejects. */
  [Symbol.asyncDispose](): Promise<void>
}

/** What it takes to hold a lock. */
export interface Hold {
  readonly client: StructureClient
  readonly key: string
  readonly name: string
  readonly token: string
  readonly fence: bigint
  readonly ttl: number
  /** By when it has to be renewed, counted from before it was asked for. */
  readonly deadline: Deadline
}

/** How long the last fence is kept after the last use of a lock: a day (ms). Later fences are taken from the server's clock. */
export const FENCE_KEPT = 86_400_000

/** Longest wait for the answer to a release (ms). */
const RELEASE_WAIT = 2_000

/** Renews a lock at a third of its ttl. */
export function holdLock({ client, key, name, token, fence, ttl, deadline: first }: Hold): HeldLock {
  const controller = new AbortController()
  let deadline = first
  let over = false
  let renewal: NodeJS.Timeout | undefined
  let loss: NodeJS.Timeout | undefined
  const end = (): void => {
    over = true
    clearTimeout(renewal)
    clearTimeout(loss)
  }
  const lose = (reason: string): void => {
    if (over) return
    end()
    controller.abort(
      new CacheError('LARDER_LOCK_LOST', `the lock ${JSON.stringify(name)} was lost: ${reason}`),
    )
  }
  const checkClock = (): void => {
    if (deadline.left() === 0)
      lose(`it was not renewed within its ttl of ${ttl} ms. Give a longer ttl, or less work to this process`)
  }
  const renewIn = (milliseconds: number): void => {
    clearTimeout(renewal)
    renewal = setTimeout(renew, Math.min(milliseconds, LONGEST_TIMER))
    renewal.unref()
  }
  const watch = (): void => {
    clearTimeout(loss)
    const delay = Math.min(Math.ceil(deadline.left()), LONGEST_TIMER)
    loss = setTimeout(() => (deadline.left() === 0 ? checkClock() : watch()), delay)
    loss.unref()
  }
  const renew = async (): Promise<void> => {
    checkClock()
    if (over) return
    const next = deadlineIn(ttl)
    try {
      const isHeld = await within(ttl / 3, 'lock.renew', RENEW(client, key, token, ttl, FENCE_KEPT))
      checkClock()
      if (over) return
      if (isHeld !== 1) return lose('Valkey has another holder, or has lost the lock')
      deadline = next
      watch()
      renewIn(ttl / 3)
    } catch {
      if (!over) renewIn(ttl / 10)
    }
  }
  const release = async (): Promise<boolean> => {
    if (over) return false
    checkClock()
    const wasHeld = !over
    end()
    const released = await within(RELEASE_WAIT, 'lock.release', RELEASE(client, key, token, FENCE_KEPT))
    return wasHeld && released === 1
  }
  watch()
  renewIn(ttl / 3)
  return {
    name,
    fence,
    signal: askingClock(controller.signal, checkClock),
    release,
    async [Symbol.asyncDispose]() {
      await release().catch(() => {})
    },
  }
}

/** After a pause a timer may fire later than the code that asks. */
function askingClock(signal: AbortSignal, checkClock: () => void): AbortSignal {
  const ask = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted')?.get
  const { throwIfAborted } = AbortSignal.prototype
  return Object.defineProperties(signal, {
    aborted: {
      get() {
        checkClock()
        return ask?.call(signal)
      },
    },
    // Node's own does not go through `aborted`.
    throwIfAborted: {
      value() {
        checkClock()
        throwIfAborted.call(signal)
      },
    },
  })
}
