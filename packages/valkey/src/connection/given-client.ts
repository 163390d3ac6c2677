import type { ValkeyClient } from './client.ts'
import type { Connection } from './connect.ts'
import { failures } from './failure.ts'
import type { Warnings } from './warnings.ts'

const warned = new WeakSet<ValkeyClient>()

/** A client of the user's: used as it is, and told about. */
export function givenClient(client: ValkeyClient, warnings: Warnings): Connection {
  warnAbout(client, warnings)
  return { client, name: 'the client given', failure: failures('valkey', []), database: 0, close: () => {} }
}

function warnAbout(client: ValkeyClient, { tell }: Warnings): void {
  if (warned.has(client)) return
  warned.add(client)
  const { enableOfflineQueue, keyPrefix } = client.options ?? {}
  if (enableOfflineQueue !== false)
    tell(
      'LARDER_VALKEY_CLIENT',
      'the client given to valkeyStore queues commands while it is not connected, so queries wait for a server that is down until their deadline: make it with enableOfflineQueue: false',
    )
  if (keyPrefix)
    tell(
      'LARDER_VALKEY_CLIENT',
      'the keyPrefix of the client given to valkeyStore has no effect on Larder’s keys: processes with another prefix would not see each other’s writes. createCache({ namespace }) keeps caches apart',
    )
}
