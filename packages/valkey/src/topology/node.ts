import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import { followAttempts } from '../connection/attempts.ts'
import type { ValkeyClient } from '../connection/client.ts'
import type { Failure } from '../connection/failure.ts'
import { createOutbox } from '../connection/send.ts'
import type { NodeDuties, TopologyChange, ValkeyNode } from './topology.ts'
import { createTrust } from './trust.ts'

/** How often a server is asked who it is (ms). */
const EVERY = 1_000
/** A look that comes so much too late (ms) tells of a process that was busy with something else. */
const OVERSLEPT = 100
/** What its sockets get then, once. */
const GRACE = 100

export interface NodeSetup {
  readonly name: string
  readonly client: ValkeyClient
  readonly failure: Failure
  readonly duties: NodeDuties
  readonly changed: (change: TopologyChange) => void
  /** Is called whenever a new connection turns out to lead to a server that answers. */
  readonly proven?: (() => void) | undefined
  /** This process was connected to this server before, by a client that is gone. */
  readonly again?: boolean
}

/** Follows one server's connection, and asks every second who answers there. */
export function watchNode(setup: NodeSetup): ValkeyNode {
  const { name, client, failure, duties, changed, again = false } = setup
  const trust = createTrust({ node: () => node, attempts: () => attempts, failure, duties, changed, again })
  const watch = async (): Promise<void> => {
    const { count } = attempts
    const alive = (): boolean => !attempts.stopped && count === attempts.count
    let asked = 0
    while (alive()) {
      await awake(EVERY)
      if (!alive()) return
      trust.judge(asked)
      // Not awaited: a server that hangs must not keep its own trust from ending.
      void trust.prove().catch(() => {})
      asked = trust.checks
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
    setup.proven,
  )
  const node: ValkeyNode = {
    name,
    client,
    get losses() {
      return attempts.count
    },
    claim: trust.claim,
    confirm: trust.confirm,
    trusted: trust.trusted,
    belief: trust.belief,
    ...createOutbox(client, attempts.why, duties.sending),
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

/** Waits, and reads what sockets have: timers run before them, and a blocked event loop is no sign of a silent server. */
async function awake(milliseconds: number): Promise<void> {
  const due = performance.now() + milliseconds
  await wait(milliseconds, undefined, { ref: false })
  const late = performance.now() - due > OVERSLEPT
  for (let turns = 0; turns < 2; turns++) await turn()
  if (!late) return
  await wait(GRACE, undefined, { ref: false })
  for (let turns = 0; turns < 2; turns++) await turn()
}
