import { setTimeout as wait } from 'node:timers/promises'
import { followAttempts } from '../connection/attempts.ts'
import type { ValkeyClient } from '../connection/client.ts'
import type { Failure } from '../connection/failure.ts'
import { createOutbox } from '../connection/outbox.ts'
import type { NodeDuties, TopologyChange, ValkeyNode } from './topology.ts'
import { createTrust } from './trust.ts'

/** How often a server is asked who it is (ms). */
const EVERY = 1_000

export interface NodeSetup {
  readonly name: string
  readonly client: ValkeyClient
  readonly failure: Failure
  readonly duties: NodeDuties
  readonly changed: (change: TopologyChange) => void
  /** This process was connected to this server before, by a client that is gone. */
  readonly again?: boolean
}

/** Follows one server's connection, and asks every second who answers there. */
export function watchNode({ name, client, failure, duties, changed, again = false }: NodeSetup): ValkeyNode {
  const trust = createTrust({ node: () => node, attempts: () => attempts, failure, duties, changed, again })
  const watch = async (): Promise<void> => {
    const { count } = attempts
    const alive = (): boolean => !attempts.stopped && count === attempts.count
    while (alive()) {
      await wait(EVERY, undefined, { ref: false })
      if (!alive()) return
      // Not awaited: a server that hangs must not keep its own trust from ending.
      void trust.prove().catch(() => {})
      trust.expire()
    }
  }
  const attempts = followAttempts(
    client,
    failure,
    // Not before this function has returned: the client may be connected already.
    async () => {
      await Promise.resolve()
      void watch()
      await trust.prove()
    },
    trust.lose,
  )
  const node: ValkeyNode = {
    name,
    client,
    get losses() {
      return attempts.count
    },
    incarnation: trust.life,
    trusted: trust.holds,
    belief: trust.belief,
    ...createOutbox(client, attempts.why),
    doubt: trust.doubt,
    opened: attempts.first,
    async check() {
      await attempts.now()
      await trust.prove()
    },
    stop() {
      if (attempts.stopped) return
      attempts.stop()
      trust.lose()
    },
  }
  return node
}
