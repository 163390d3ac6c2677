import {
  type LeaseRequest,
  type LeaseState,
  type LoadLeases,
  STORED_FOR,
  type StoreContext,
} from '@larder/core/store'
import type { Reply } from '../connection/send.ts'
import { JOIN_LEASE, RELEASE_LEASE, RENEW_LEASE, STORED } from '../scripts/lease.ts'
import { runScripts, type Script, scriptOf } from '../scripts/run-script.ts'
import { noteError } from '../tags/change-tags.ts'
import type { Topology } from '../topology/topology.ts'
import { createSubscriber } from './subscriber.ts'

const [join, renew, release] = [JOIN_LEASE, RENEW_LEASE, RELEASE_LEASE].map(scriptOf) as [
  Script,
  Script,
  Script,
]

/** Leases on the servers of a topology, each in the slot of its entry. */
export interface ServerLeases extends LoadLeases {
  /** Sets the namespace of all keys. Call it before anything else. */
  setNamespace(namespace: string): void
  close(): void
}

const NO_MESSAGES =
  "singleFlight: 'cluster' is up to two seconds slower on this server: a process that waits for the load of another is woken by SUBSCRIBE to a channel under the namespace, and the server replied"

export function createLoadLeases(topology: Topology, warn: StoreContext['warn']): ServerLeases {
  let namespace = ''
  const subscriber = createSubscriber(topology, (error) =>
    warn('lease-messages', `${NO_MESSAGES}: ${topology.failure(error).message}`),
  )
  // The braces hold the whole name of the entry, which has none: both keys are in one slot.
  const keyOf = ({ entry, load }: Pick<LeaseRequest, 'entry' | 'load'>): string =>
    `${namespace}:l:{${entry}}:${load}`
  const run = async (request: LeaseRequest, script: Script, args: readonly (string | number)[]) => {
    const node = topology.nodeOf(request.entry)
    try {
      const [reply = null] = await runScripts(node, [{ script, keys: [keyOf(request)], args }])
      return reply
    } catch (error) {
      if (error instanceof Error) noteError(topology, node, error)
      throw error
    }
  }
  return {
    async acquire(request) {
      const node = topology.nodeOf(request.entry)
      const { token, lifetime } = request
      // One command in one packet is all that a miss waits for.
      const [reply = null] = await node.ask([
        ['set', keyOf(request), token, 'nx', 'get', 'px', String(lifetime)],
      ])
      if (!(reply instanceof Error)) return stateOf(reply, lifetime)
      noteError(topology, node, reply)
      throw reply
    },
    async join(request, always) {
      const { token, lifetime } = request
      const remaining = Number(await run(request, join, [token, lifetime, always ? 1 : 0]))
      if (remaining === -1) return { kind: 'acquired' }
      return remaining === -2 ? { kind: 'stored' } : { kind: 'held', remaining: remaining }
    },
    async renew(request) {
      return Number(await run(request, renew, [request.token, request.lifetime])) === 1
    },
    async release(request, end) {
      await run(request, release, [request.token, end, STORED_FOR])
    },
    subscribe: (request, ended) =>
      subscriber.subscribe(keyOf(request), (message) => {
        if (message === 'stored' || message === 'unstored' || message === 'failed') ended(message)
      }),
    setNamespace(next) {
      namespace = next
    },
    close: subscriber.close,
  }
}

/** What the lease said before it was asked for. */
function stateOf(reply: Reply, lifetime: number): LeaseState {
  if (reply === null) return { kind: 'acquired' }
  return String(reply) === STORED ? { kind: 'stored' } : { kind: 'held', remaining: lifetime }
}
