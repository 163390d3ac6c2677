import { createHash } from 'node:crypto'
import type { Answer, Words } from '../connection/send.ts'
import { runScripts } from '../scripts/run-script.ts'
import type { Identity, Topology, ValkeyNode } from '../topology/topology.ts'
import { type Epoch, owns, textCall } from './epoch.ts'

/** How long a node's own text outlives the last process that asked for it (ms). */
const LIFETIME = 4_000

/** Tells nodes' lives apart. */
export interface Identifier {
  /** Asks a node who it is. @throws Error when it cannot be told. */
  identify(node: ValkeyNode, again: boolean): Promise<Identity>
  /**
   * The same name, asked for over another connection that should lead to the node. Changes nothing.
   * @throws Error when it cannot be told, or leads to a server that is no primary.
   */
  identifyOver(node: ValkeyNode, ask: (words: Words) => Promise<unknown>): Promise<string>
  /** Prefix of the keys that nodes are asked by. */
  use(namespace: string): void
}

export interface IdentifierSetup {
  readonly topology: () => Topology
  readonly epoch: Epoch
  /** The database that commands must go to; 0 where there is nothing to select. */
  readonly database: number
  /** Called once, when the server does not say who it is. */
  readonly infoless: () => void
}

/**
 * A server's life is its `run_id` and `master_replid`. Where it does not tell them, it is a random text that lies in
 * the server and that every process replaces which comes back: what a restart or a failover lost ends with it.
 */
export function identifier({ topology, epoch, database, infoless }: IdentifierSetup): Identifier {
  let namespace = ''
  let told = false
  const replacedAt = new WeakMap<ValkeyNode, number>()

  const fromText = async (node: ValkeyNode, again: boolean): Promise<string> => {
    const replace = again && replacedAt.get(node) !== node.losses
    const [text] = await runScripts(node, [
      textCall(probeKey(topology(), node, namespace), replace, LIFETIME),
    ])
    replacedAt.set(node, node.losses)
    return String(text)
  }
  const probe = async (node: ValkeyNode): Promise<void> => {
    const key = probeKey(topology(), node, namespace)
    if (!(await epoch.ask(node))) await runScripts(node, [textCall(key, false, LIFETIME)])
  }
  return {
    use(name) {
      namespace = name
    },
    async identify(node, again) {
      const { clustered } = topology()
      const questions: Words[] = [['info', 'server', 'replication']]
      if (clustered) questions.push(['cluster', 'info'])
      // A client whose SELECT failed goes on in database 0 and says nothing.
      else if (database > 0) questions.push(['select', String(database)])
      const [[info, more]] = await Promise.all([
        node.ask(questions) as Promise<[Answer, Answer]>,
        probe(node),
      ])
      if (!clustered && more instanceof Error) throw more
      // One server may be a Cluster by itself, and refuse what a Cluster does.
      const anyKeys = !clustered && /^(?:redis|server)_mode:standalone/m.test(String(info))
      const life = lifeIn(info)
      if (life !== undefined)
        return { life: digest(clustered ? `${life} ${lastImport(more)}` : life), anyKeys }
      if (!told) {
        told = true
        infoless()
      }
      return { life: digest(await fromText(node, again)), anyKeys }
    },
    async identifyOver(node, ask) {
      const { clustered } = topology()
      const asked = (words: Words): Promise<Answer> =>
        ask(words).then(
          (answer) => answer as Answer,
          (error: Error) => error,
        )
      const [info, more] = await Promise.all([
        asked(['info', 'server', 'replication']),
        clustered ? asked(['cluster', 'info']) : null,
      ])
      const life = lifeIn(info)
      if (life !== undefined) return digest(clustered ? `${life} ${lastImport(more)}` : life)
      return digest(String(await ask(['get', probeKey(topology(), node, namespace)])))
    },
  }
}

/** Whose answer to INFO it is; undefined where that is not said. @throws Error when it is not a primary's. */
export function lifeIn(info: Answer): string | undefined {
  if (info instanceof Error) {
    // Some services take one section of INFO at a time.
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

/** Changes when the node takes over slots: what it once knew of them may have lost a failover elsewhere meanwhile. */
function lastImport(info: Answer): string {
  return /^cluster_my_epoch:(\d+)/m.exec(String(info))?.[1] ?? ''
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 8)
}

/** The first of a row of keys that lies on this node: all processes find the same one. */
function probeKey(topology: Topology, node: ValkeyNode, namespace: string): string {
  if (!topology.clustered) return `${namespace}:node`
  for (let index = 0; index < MOST_TRIES; index++) {
    const key = `${namespace}:node{${index}}`
    if (owns(topology, node, key)) return key
  }
  throw new Error('has no slots')
}

const MOST_TRIES = 200_000
