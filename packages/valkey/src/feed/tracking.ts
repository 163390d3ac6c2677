/** What the connection is asked that is told of changes. Such a connection can do little else: it is its own. */
export interface FeedClient {
  readonly status: string
  client(subcommand: 'ID'): Promise<unknown>
  client(subcommand: 'TRACKING', ...rest: (string | number)[]): Promise<unknown>
  subscribe(channel: string): Promise<unknown>
  ping(): Promise<unknown>
  call(name: string, ...rest: (string | Buffer)[]): Promise<unknown>
  connect(): Promise<unknown>
  disconnect(reconnect?: boolean): void
  on(event: 'ready' | 'close', listener: () => void): unknown
  on(event: 'error', listener: (error: unknown) => void): unknown
  /** Not `message`: that one turns a list of names into one text. */
  on(event: 'messageBuffer', listener: (channel: Uint8Array, message: unknown) => void): unknown
}

/** Where the server writes what changed, for connections that speak RESP2. */
const CHANNEL = '__redis__:invalidate'

/**
 * Asks the server to tell this connection of every change under the prefixes, whoever makes it and whether or not
 * the key was ever read. Answered when nothing that changes from now on is missed.
 */
export async function track(client: FeedClient, prefixes: readonly string[]): Promise<void> {
  // Asked anew each time: it is another one after every reconnect.
  const id = Number(await client.client('ID'))
  const wanted = prefixes.flatMap((prefix) => ['PREFIX', prefix])
  await client.client('TRACKING', 'ON', 'REDIRECT', id, 'BCAST', ...wanted)
  // Last: a subscribed connection takes no other command but PING.
  await client.subscribe(CHANNEL)
}

/** Names the message says changed; undefined: any may have. */
export function namesIn(message: unknown): readonly string[] | undefined {
  return Array.isArray(message) ? message.map(String) : undefined
}

/** True if the server will never do this: it is too old, or does not allow it. */
export function isRefused(error: unknown): boolean {
  return error instanceof Error && /^(NOPERM|ERR (unknown|syntax|this instance))/i.test(error.message)
}
