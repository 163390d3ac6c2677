import { createHash } from 'node:crypto'
import type { Command, Reply } from '../connection/send.ts'
import { runScripts } from '../scripts/run-script.ts'
import { type ClockOffset, offsetIn } from '../topology/server-clock.ts'
import type { Identity, Topology, ValkeyNode } from '../topology/topology.ts'
import { type Epoch, owns, textCall } from './epoch.ts'
import type { FleetPauses } from './fleet-pause.ts'

/** How long a node's own text outlives the last process that read it (ms). */
const LIFETIME = 4_000

/** Names the incarnations of nodes. */
export interface Identifier {
  /** Asks a node who it is. @throws Error if the node does not say. */
  identify(node: ValkeyNode, again: boolean): Promise<Identity>
  /**
   * Asks over another connection that should lead to the node. Changes nothing.
   * @throws Error if the server does not say who it is, or is no primary.
   */
  identifyOver(node: ValkeyNode, ask: (words: Command) => Promise<unknown>): Promise<string>
  /** Sets the prefix of the keys that identify nodes. */
  setNamespace(namespace: string): void
}

export interface IdentifierSetup {
  readonly topology: () => Topology
  readonly epoch: Epoch
  readonly pauses: FleetPauses
  /** The database to select; 0 if there is nothing to select. */
  readonly database: number
  /** Called once, if a server does not say who it is. */
  readonly onMissingInfo: () => void
}

/**
 * An incarnation is a server's `run_id` and `master_replid`. If the server does not show them, it is a random text that is
 * stored on the server and replaced by every process that reconnects, so that nothing from before a restart counts.
 */
export function createIdentifier(setup: IdentifierSetup): Identifier {
  const { topology, epoch, pauses, database, onMissingInfo } = setup
  let namespace = ''
  let warned = false
  const replacedAt = new WeakMap<ValkeyNode, number>()

  const fromText = async (node: ValkeyNode, again: boolean): Promise<string> => {
    const replace = again && replacedAt.get(node) !== node.attempts.disconnects
    const [text] = await runScripts(node, [
      textCall(probeKey(topology(), node, namespace), replace, LIFETIME),
    ])
    replacedAt.set(node, node.attempts.disconnects)
    return String(text)
  }
  const probe = async (node: ValkeyNode): Promise<void> => {
    const key = probeKey(topology(), node, namespace)
    // Sent in one packet with all else that is asked here, so that the pause costs no polling of its own.
    const [hasEpoch] = await Promise.all([epoch.fetchFrom(node), pauses.fetchFrom(node)])
    if (!hasEpoch) await runScripts(node, [textCall(key, false, LIFETIME)])
  }
  return {
    setNamespace(name) {
      namespace = name
    },
    async identify(node, again) {
      const { clustered } = topology()
      const commands: Command[] = [['info', 'server', 'replication'], ['time']]
      if (clustered) commands.push(['cluster', 'info'])
      // A client whose SELECT failed silently continues in database 0.
      else if (database > 0) commands.push(['select', String(database)])
      const sent = performance.now()
      const [[info, offset, more]] = await Promise.all([
        node.ask(commands).then(([one = null, time = null, other = null]): [Reply, ClockOffset, Reply] => {
          const offset = offsetIn(time, sent, performance.now())
          return [one, offset, other]
        }),
        probe(node),
      ])
      if (!clustered && more instanceof Error) throw more
      // A single server may be in cluster mode, and then refuses commands across slots.
      const anyKeys = !clustered && /^(?:redis|server)_mode:standalone/m.test(String(info))
      const incarnation = incarnationIn(info)
      if (incarnation !== undefined)
        return {
          incarnation: digest(clustered ? `${incarnation} ${lastImport(more)}` : incarnation),
          anyKeys,
          offset,
        }
      if (!warned) {
        warned = true
        onMissingInfo()
      }
      return { incarnation: digest(await fromText(node, again)), anyKeys, offset }
    },
    async identifyOver(node, ask) {
      const { clustered } = topology()
      const send = (command: Command): Promise<Reply> =>
        ask(command).then(
          (answer) => answer as Reply,
          (error: Error) => error,
        )
      const [info, more] = await Promise.all([
        send(['info', 'server', 'replication']),
        clustered ? send(['cluster', 'info']) : null,
      ])
      const incarnation = incarnationIn(info)
      if (incarnation !== undefined)
        return digest(clustered ? `${incarnation} ${lastImport(more)}` : incarnation)
      return digest(String(await ask(['get', probeKey(topology(), node, namespace)])))
    },
  }
}

/** The incarnation in a reply to INFO; undefined if it is not shown. @throws Error if the server is no primary. */
export function incarnationIn(info: Reply): string | undefined {
  if (info instanceof Error) {
    // Some services accept only one section of INFO at a time.
    if (/^NOPERM|unknown command|wrong number of arguments|syntax error/i.test(info.message)) return undefined
    throw info
  }
  const text = String(info)
  const field = (name: string): string | undefined => new RegExp(`^${name}:(\\w+)`, 'm').exec(text)?.[1]
  const role = field('role')
  if (role !== undefined && role !== 'master') throw new Error(`is a ${role}, not a primary`)
  const [run, line] = [field('run_id'), field('master_replid')]
  return run && line && `${run} ${line}`
}

/** Changes when the node takes over slots: what it once knew about them may be older than a write elsewhere. */
function lastImport(info: Reply): string {
  return /^cluster_my_epoch:(\d+)/m.exec(String(info))?.[1] ?? ''
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 8)
}

/** The first of a sequence of keys that this node owns. All processes find the same one. */
function probeKey(topology: Topology, node: ValkeyNode, namespace: string): string {
  if (!topology.clustered) return `${namespace}:node`
  for (let index = 0; index < MOST_TRIES; index++) {
    const key = `${namespace}:node{${index}}`
    if (owns(topology, node, key)) return key
  }
  throw new Error('has no slots')
}

const MOST_TRIES = 200_000
