import { setImmediate as turn } from 'node:timers/promises'
import type { ValkeyClient } from './client.ts'
import type { Failure } from './failure.ts'

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
 */
export function followAttempts(
  client: ValkeyClient,
  failure: Failure,
  prove: () => Promise<void>,
  lost: () => void,
): Attempts {
  let attempt = Promise.withResolvers<void>()
  let first: Promise<void> | undefined = attempt.promise
    .catch(() => {})
    .then(() => {
      first = undefined
    })
  let ended = false
  const renew = (): void => {
    attempt = Promise.withResolvers()
    attempt.promise.catch(() => {})
  }
  const begin = (): void => {
    if (client.status === 'wait') void client.connect().catch(() => {})
  }
  const wrongPassword = (): boolean => /WRONGPASS/.test(String(attempts.trouble))
  const on = {
    ready() {
      if (ended) renew()
      ended = false
      const { resolve, reject } = attempt
      void proven(attempts, failure, prove).then(resolve, reject)
    },
    error: (error: unknown) => attempts.blame(error),
    close() {
      lost()
      const { reject } = attempt
      renew()
      attempts.count++
      reject(failure(attempts.trouble))
    },
    end() {
      ended = true
      attempt.reject(failure(attempts.trouble))
    },
  }
  const attempts = {
    count: 0,
    stopped: false,
    trouble: new Error('not connected yet') as unknown,
    blame(error: unknown) {
      // The client's echo of a connection that it has lost already: the reason came before it. And what is asked
      // right behind a wrong password is refused for want of one.
      const echo = /max retries per request|Connection is closed/.test(String(error))
      if (!echo && !(isUnsigned(error) && wrongPassword())) attempts.trouble = error
    },
    why(error: Error): Error {
      const unsent = client.status !== 'ready' || /isn't writeable|Connection is closed/.test(error.message)
      return unsent || (isUnsigned(error) && wrongPassword()) ? (attempts.trouble as Error) : error
    },
    first() {
      begin()
      return first
    },
    now() {
      begin()
      return attempt.promise
    },
    stop() {
      attempts.stopped = true
      for (const [event, listener] of Object.entries(on)) client.off(event, listener)
      attempts.trouble = new Error('the store is closed')
      on.end()
    },
  }
  client.on('ready', on.ready)
  client.on('error', on.error)
  client.on('close', on.close)
  client.on('end', on.end)
  if (client.status === 'ready') on.ready()
  if (client.status === 'end') on.end()
  return attempts
}

/** Where nobody needs to sign in, a wrong password does not stop the questions behind it: it ends the connection. */
async function proven(
  attempts: { trouble: unknown },
  failure: Failure,
  prove: () => Promise<void>,
): Promise<void> {
  const before = attempts.trouble
  await prove()
  await turn()
  if (attempts.trouble !== before) throw failure(attempts.trouble)
  attempts.trouble = new Error('the connection was lost')
}

/** Whether the server wants a password first. */
export function isUnsigned(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOAUTH')
}
