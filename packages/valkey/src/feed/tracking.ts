import type { SubscriberClient } from '../connection/client.ts'

/** The channel on which the server announces changes to RESP2 connections. */
const CHANNEL = '__redis__:invalidate'

/**
 * Asks the server to notify this connection of every change under the prefixes, whoever makes it and whether or not the key
 * was ever read. Resolves when no later change can be missed.
 */
export async function track(client: SubscriberClient, prefixes: readonly string[]): Promise<void> {
  // Asked every time, because the id changes with every reconnect.
  const id = Number(await client.call('CLIENT', 'ID'))
  const wanted = prefixes.flatMap((prefix) => ['PREFIX', prefix])
  await client.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(id), 'BCAST', ...wanted)
  // Last, because a subscribed connection takes no other command but PING.
  await client.subscribe(CHANNEL)
}

/** The names of the changed keys. Undefined if any key may have changed. */
export function namesIn(message: unknown): readonly string[] | undefined {
  return Array.isArray(message) ? message.map(String) : undefined
}

/** True if the server will never allow it: it is too old, or the user lacks the rights. */
export function isRefused(error: unknown): boolean {
  return error instanceof Error && /^(NOPERM|ERR (unknown|syntax|this instance))/i.test(error.message)
}
