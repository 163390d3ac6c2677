import type { ServerClient } from './client.ts'

/** Why a client has no connection, as far as is known. */
export interface ConnectionProblem {
  reason: unknown
  /** A connection was made. A full server accepts it and closes it immediately, so this is no success yet. */
  onConnected(): void
  /** The server has answered. */
  onCheckPassed(): void
  onClosed(): void
  /** Records an error as the reason. */
  recordError(error: unknown): void
  /** The cause of an error: why there is no connection, if there is none. */
  readonly causeOf: (error: Error) => Error
}

export function createConnectionProblem(client: ServerClient): ConnectionProblem {
  let connection: 'none' | 'made' | 'answered' = 'none'
  /** The reason that was known when the connection was made. */
  let before: unknown
  const closedEarly = (error: unknown): boolean =>
    connection !== 'answered' && /ECONNRESET|EPIPE/.test(String(error))
  /** After a wrong password, every command is refused for lack of one. */
  const followsWrongPassword = (error: unknown): boolean =>
    needsPassword(error) && /WRONGPASS/.test(String(problem.reason))
  const problem: ConnectionProblem = {
    reason: new Error('not connected yet'),
    onConnected() {
      connection = 'made'
      before = problem.reason
    },
    onCheckPassed() {
      connection = 'answered'
    },
    onClosed() {
      if (connection === 'made' && problem.reason === before) problem.reason = new Error(CLOSED_EARLY)
      connection = 'none'
    },
    recordError(error) {
      // These only repeat that the connection is lost; the reason was emitted before.
      if (/max retries per request|Connection is closed/.test(String(error)) || followsWrongPassword(error))
        return
      problem.reason = closedEarly(error) ? new Error(CLOSED_EARLY) : error
    },
    causeOf(error) {
      if (closedEarly(error)) return new Error(CLOSED_EARLY)
      const unsent = client.status !== 'ready' || /isn't writeable|Connection is closed/.test(error.message)
      return unsent || followsWrongPassword(error) ? (problem.reason as Error) : error
    },
  }
  return problem
}

const CLOSED_EARLY =
  'the server closed the connection before it answered: it may have reached its maxclients, or it is no Valkey server'

/** True for the error of a server that requires a password. */
export function needsPassword(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOAUTH')
}
