import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import { followAttempts } from '../connection/attempts.ts'
import type { ServerClient } from '../connection/client.ts'
import type { Failure } from '../connection/failure.ts'
import { createOutbox } from '../connection/send.ts'
import type { NodeHooks, TopologyChange, ValkeyNode } from './topology.ts'
import { createTrust } from './trust.ts'

/** How often a server is asked who it is (ms). */
const CHECK_INTERVAL = 1_000
/** A timer that fires this much too late (ms) shows that the event loop was blocked. */
const BLOCKED_AFTER = 100
/** How long sockets are then given to deliver replies (ms). */
const READ_TIME = 100

export interface NodeSetup {
  readonly name: string
  readonly client: ServerClient
  readonly failure: Failure
  readonly hooks: NodeHooks
  readonly changed: (change: TopologyChange) => void
  /** Called when the server behind a new connection has answered. */
  readonly onCheckPassed?: (() => void) | undefined
  /** This process was connected to this server before, by a client that is gone. */
  readonly again?: boolean
}

/** Follows one server's connection and checks every second which incarnation answers. */
export function watchNode(setup: NodeSetup): ValkeyNode {
  const { name, client, failure, hooks, changed, again = false } = setup
  const trust = createTrust({ node: () => node, attempts: () => attempts, failure, hooks, changed, again })
  const watch = async (): Promise<void> => {
    const { disconnects } = attempts
    const isConnected = (): boolean => !attempts.stopped && disconnects === attempts.disconnects
    let checksBefore = 0
    while (isConnected()) {
      await waitAndReadSockets(CHECK_INTERVAL)
      if (!isConnected()) return
      trust.expireIfOverdue(checksBefore)
      // Not awaited, so that trust in a server that hangs ends in time.
      void trust.check().catch(() => {})
      checksBefore = trust.checksBegun
    }
  }
  const attempts = followAttempts(
    client,
    failure,
    // The client may be connected already, so wait until this function has returned.
    async () => {
      await Promise.resolve()
      void watch()
      await trust.check()
    },
    trust.loseTrust,
    setup.onCheckPassed,
  )
  const node: ValkeyNode = {
    name,
    client,
    attempts,
    requireTrust: trust.requireTrust,
    confirm: trust.confirm,
    trusted: trust.trusted,
    trustedIncarnation: trust.trustedIncarnation,
    ...createOutbox(client, attempts.causeOf, hooks.beforeSend),
    suspect: trust.suspect,
    opened: attempts.first,
    async check() {
      await attempts.current()
      await trust.check()
    },
    stop() {
      if (attempts.stopped) return
      attempts.stop()
      trust.loseTrust()
    },
  }
  return node
}

/** Waits, then lets sockets deliver. Timers run before sockets, so a blocked event loop must not count as a server that does not reply. */
async function waitAndReadSockets(milliseconds: number): Promise<void> {
  const due = performance.now() + milliseconds
  await wait(milliseconds, undefined, { ref: false })
  const late = performance.now() - due > BLOCKED_AFTER
  for (let turns = 0; turns < 2; turns++) await turn()
  if (!late) return
  await wait(READ_TIME, undefined, { ref: false })
  for (let turns = 0; turns < 2; turns++) await turn()
}
