import { setImmediate as turn } from 'node:timers/promises'
import type { ValkeyClient } from './client.ts'
import { onEvents } from './client-events.ts'
import type { Failure } from './failure.ts'
import { createTrouble, type Trouble } from './trouble.ts'

/** Follows a client's connections: each attempt ends in an answer or in trouble, and another begins when it is lost. */
export interface Attempts {
  /** Grows with every connection lost. */
  readonly count: number
  /** Why there is no connection, as far as is known. */
  readonly trouble: unknown
  /** Notes an error as the reason. */
  blame(error: unknown): void
  /** What is behind an error: why there is no connection, if there is none. */
  readonly why: (error: Error) => Error
  /** Resolves once the very first attempt has ended, whichever way. */
  first(): Promise<void> | undefined
  /** The attempt under way, or the one that succeeded. Begins it, if the connection is lazy. */
  now(): Promise<void>
  readonly stopped: boolean
  stop(): void
}

/**
 * @param prove is called for every new connection; the attempt ends as it does.
 * @param lost is called when a connection is gone.
 * @param succeeded is called when one is proven.
 */
export function followAttempts(
  client: ValkeyClient,
  failure: Failure,
  prove: () => Promise<void>,
  lost: () => void,
  succeeded: () => void = () => {},
): Attempts {
  const trouble = createTrouble(client)
  let attempt = Promise.withResolvers<void>()
  let first: Promise<void> | undefined = attempt.promise
    .catch(() => {})
    .then(() => {
      first = undefined
    })
  let [count, ended, stopped] = [0, false, false]
  const renew = (): void => {
    attempt = Promise.withResolvers()
    attempt.promise.catch(() => {})
  }
  const begin = (): void => {
    if (client.status === 'wait') void client.connect().catch(() => {})
  }
  const on = {
    ready() {
      if (ended) renew()
      ended = false
      trouble.connected()
      const [{ resolve, reject }, number] = [attempt, count]
      const succeed = (): void => {
        if (number !== count) return
        trouble.proven()
        succeeded()
      }
      void proven(trouble, failure, prove).then(succeed).then(resolve, reject)
    },
    error(error: unknown) {
      trouble.blame(error)
      // The client asks the sentinels again and again, and says no more than this.
      if (/sentinels are unreachable/.test(String(error))) on.close()
    },
    close() {
      lost()
      trouble.closed()
      const { reject } = attempt
      renew()
      count++
      reject(failure(trouble.reason))
    },
    end() {
      ended = true
      attempt.reject(failure(trouble.reason))
    },
  }
  const silence = onEvents(client, on)
  const attempts: Attempts = {
    get count() {
      return count
    },
    get trouble() {
      return trouble.reason
    },
    get stopped() {
      return stopped
    },
    blame: trouble.blame,
    why: trouble.why,
    first() {
      begin()
      return first
    },
    now: () => {
      begin()
      return attempt.promise
    },
    stop() {
      stopped = true
      silence()
      trouble.reason = new Error('the store is closed')
      on.end()
    },
  }
  if (client.status === 'ready') on.ready()
  if (client.status === 'end') on.end()
  return attempts
}

/** Where nobody needs to sign in, a wrong password does not stop the questions behind it: it ends the connection. */
async function proven(trouble: Trouble, failure: Failure, prove: () => Promise<void>): Promise<void> {
  const before = trouble.reason
  await prove()
  await turn()
  if (trouble.reason !== before) throw failure(trouble.reason)
  trouble.reason = new Error('the connection was lost')
}
