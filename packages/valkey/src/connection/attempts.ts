import { setImmediate as turn } from 'node:timers/promises'
import { isAdapted, type ServerClient } from './client.ts'
import { onEvents } from './client-events.ts'
import { type ConnectionProblem, createConnectionProblem } from './connection-problem.ts'
import type { Failure } from './failure.ts'

/** Follows a client's connections. Each attempt succeeds or fails, and the next one begins when a connection is lost. */
export interface Attempts {
  /** How many connections were lost. */
  readonly disconnects: number
  /** Why there is no connection, as far as is known. */
  readonly problem: unknown
  /** Records an error as the reason. */
  recordError(error: unknown): void
  /** The cause of an error: why there is no connection, if there is none. */
  readonly causeOf: (error: Error) => Error
  /** Resolves when the very first attempt has succeeded or failed; undefined after that. Starts a lazy connection. */
  first(): Promise<void> | undefined
  /** The attempt in progress, or the one that succeeded. Starts a lazy connection. */
  current(): Promise<void>
  readonly stopped: boolean
  stop(): void
}

/**
 * @param check is called for every new connection; the attempt succeeds or fails with it.
 * @param lost is called when a connection is lost.
 * @param succeeded is called when a new connection has passed its check.
 */
export function followAttempts(
  client: ServerClient,
  failure: Failure,
  check: () => Promise<void>,
  lost: () => void,
  succeeded: () => void = () => {},
): Attempts {
  const problem = createConnectionProblem(client)
  let attempt = Promise.withResolvers<void>()
  let first: Promise<void> | undefined = attempt.promise
    .catch(() => {})
    .then(() => {
      first = undefined
    })
  let [disconnects, ended, stopped] = [0, false, false]
  const startAttempt = (): void => {
    attempt = Promise.withResolvers()
    attempt.promise.catch(() => {})
  }
  const connectIfLazy = (): void => {
    if (!isAdapted(client) && client.status === 'wait') void client.connect().catch(() => {})
  }
  const on = {
    ready() {
      if (ended) startAttempt()
      ended = false
      problem.onConnected()
      const [{ resolve, reject }, number] = [attempt, disconnects]
      const onPassed = (): void => {
        if (number !== disconnects) return
        problem.onCheckPassed()
        succeeded()
      }
      void checkConnection(problem, failure, check).then(onPassed).then(resolve, reject)
    },
    error(error: unknown) {
      problem.recordError(error)
      // The client retries the Sentinels forever and emits nothing but this error.
      if (/sentinels are unreachable/.test(String(error))) on.close()
    },
    close() {
      lost()
      problem.onClosed()
      const { reject } = attempt
      startAttempt()
      disconnects++
      reject(failure(problem.reason))
    },
    end() {
      ended = true
      attempt.reject(failure(problem.reason))
    },
  }
  const removeHandlers = onEvents(client, on)
  const attempts: Attempts = {
    get disconnects() {
      return disconnects
    },
    get problem() {
      return problem.reason
    },
    get stopped() {
      return stopped
    },
    recordError: problem.recordError,
    causeOf: problem.causeOf,
    first() {
      connectIfLazy()
      return first
    },
    current: () => {
      connectIfLazy()
      return attempt.promise
    },
    stop() {
      stopped = true
      removeHandlers()
      problem.reason = new Error('the store is closed')
      on.end()
    },
  }
  if (client.status === 'ready') on.ready()
  if (client.status === 'end') on.end()
  return attempts
}

/** Where no password is required, a wrong one does not fail the commands behind it: the client then closes the connection. */
async function checkConnection(
  problem: ConnectionProblem,
  failure: Failure,
  check: () => Promise<void>,
): Promise<void> {
  const before = problem.reason
  await check()
  await turn()
  if (problem.reason !== before) throw failure(problem.reason)
  problem.reason = new Error('the connection was lost')
}
