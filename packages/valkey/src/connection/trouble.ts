import type { ValkeyClient } from './client.ts'

/** Why a client has no connection, as far as is known. */
export interface Trouble {
  reason: unknown
  /** A connection was made. It proves nothing: a full server takes it, and closes it at once. */
  connected(): void
  /** The server has answered. */
  proven(): void
  closed(): void
  /** Notes an error as the reason. */
  blame(error: unknown): void
  /** What is behind an error: why there is no connection, if there is none. */
  readonly why: (error: Error) => Error
}

export function createTrouble(client: ValkeyClient): Trouble {
  let connection: 'none' | 'made' | 'proven' = 'none'
  /** What was known when the connection was made. */
  let before: unknown
  const hungUp = (error: unknown): boolean =>
    connection !== 'proven' && /ECONNRESET|EPIPE/.test(String(error))
  /** Behind a wrong password, everything is refused for want of one. */
  const isEcho = (error: unknown): boolean => isUnsigned(error) && /WRONGPASS/.test(String(trouble.reason))
  const trouble: Trouble = {
    reason: new Error('not connected yet'),
    connected() {
      connection = 'made'
      before = trouble.reason
    },
    proven() {
      connection = 'proven'
    },
    closed() {
      if (connection === 'made' && trouble.reason === before) trouble.reason = new Error(HUNG_UP)
      connection = 'none'
    },
    blame(error) {
      // The client's echo of a connection that it has lost already: the reason came before it.
      if (/max retries per request|Connection is closed/.test(String(error)) || isEcho(error)) return
      trouble.reason = hungUp(error) ? new Error(HUNG_UP) : error
    },
    why(error) {
      if (hungUp(error)) return new Error(HUNG_UP)
      const unsent = client.status !== 'ready' || /isn't writeable|Connection is closed/.test(error.message)
      return unsent || isEcho(error) ? (trouble.reason as Error) : error
    },
  }
  return trouble
}

const HUNG_UP =
  'the server closed the connection before it answered: it may have as many clients as its maxclients allows, or be no Valkey server'

/** Whether the server wants a password first. */
export function isUnsigned(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOAUTH')
}
