import { randomBytes } from 'node:crypto'
import type { ScriptCall, ValkeyClient } from './client.ts'
import { EPOCH } from './scripts/epoch.ts'

/**
 * One key for all caches on a server, with no option to change it: `invalidate({ all })` then costs every cache on
 * this server its hits, but no two processes can be set up so that one misses the other's.
 */
export const EPOCH_KEY = 'larder:epoch'

/** What `invalidate({ all })` changes: entries name the epoch they were stored in. */
export interface Epoch {
  /** The present epoch; null if there is none, or it was lost. */
  read(): Promise<string | null>
  /** The present epoch, begun now if there is none. A write: only a primary that may take writes answers. */
  ensure(): Promise<string>
  /** Ends the present epoch. */
  renew(): Promise<void>
}

export function epochOf(client: ValkeyClient): Epoch {
  client.defineCommand('larderEpoch', { lua: EPOCH })
  const { larderEpoch } = client as unknown as { larderEpoch: ScriptCall }
  const call = (replace: 0 | 1): Promise<unknown> =>
    larderEpoch.call(client, 1, EPOCH_KEY, randomBytes(9).toString('base64url'), replace)
  return {
    read: () => client.get(EPOCH_KEY),
    ensure: async () => String(await call(0)),
    async renew() {
      await call(1)
    },
  }
}
