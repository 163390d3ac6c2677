import { randomBytes } from 'node:crypto'
import { EPOCH } from '../scripts/epoch.ts'
import { runScripts, type ScriptCall, scriptOf } from '../scripts/run-script.ts'
import type { Topology, ValkeyNode } from '../topology/topology.ts'

/** What was heard less than this ago counts. */
const TRUST = 2_000
/** Every process that is connected prolongs the epoch each second; nobody misses a shorter one. */
const SHORTEST_LIFE = 4_000

/** Hash tags of slots in the last, first and second third of all. */
const PARTS = ['a', 'b', 'c']

const script = scriptOf(EPOCH)

/**
 * What `invalidate({ all })` changes: entries name the epoch they were stored in. In a Cluster it has three parts in
 * three slots, so that no shard that is lost takes the whole cache with it: a new epoch counts everywhere once one
 * part of it has been heard.
 */
export interface Epoch {
  /** The present epoch; undefined when no part of it was heard lately. */
  current(): string | undefined
  /**
   * The same, or as it was heard after `since` (as `performance.now()` tells the time), which is asked for if need be.
   * @throws Error when no part of it is heard.
   */
  after(since: number): Promise<string>
  /**
   * Asks a node for the parts that it has. A write: only a primary that may take writes answers.
   * @returns whether it has any.
   */
  ask(node: ValkeyNode): Promise<boolean>
  /** Ends the present epoch; this process uses the new one at once. */
  renew(): Promise<void>
  /**
   * Entries and tags live this long (ms): so must the epoch. A longer time than before is told to the servers now, for this
   * process may be gone before it asks the next time. Nobody waits for that.
   */
  learn(lifetime: number): void
  /** From now on the epoch of this namespace; what was heard is forgotten. */
  use(namespace: string): void
  /** Called with every change, those of other processes included. */
  onChange(listener: () => void): void
}

/** A script call that keeps a text under a key, or replaces it. */
export function textCall(key: string, replace: boolean, lifetime: number): ScriptCall {
  return { script, keys: [key], args: [randomBytes(9).toString('base64url'), Number(replace), lifetime] }
}

/** @param run runs a call wherever its key is just now. */
export function epochOf(topology: () => Topology, run: (call: ScriptCall) => Promise<unknown>): Epoch {
  let keys: readonly string[] = []
  let heard = new Map<string, { text: string; sent: number }>()
  let text = ''
  let latest = Number.NEGATIVE_INFINITY
  let lifetime = SHORTEST_LIFE
  const listeners: (() => void)[] = []

  const hear = (key: string, answer: unknown, sent: number): void => {
    if (!keys.includes(key)) return
    const before = heard.get(key)
    if (before && before.sent > sent) return
    heard.set(key, { text: String(answer), sent })
    latest = Math.max(latest, sent)
    text = keys.map((one) => heard.get(one)?.text ?? '?').join('+')
    if (before && before.text !== String(answer)) for (const listener of listeners) listener()
  }
  const current = (): string | undefined => (performance.now() - latest < TRUST ? text : undefined)
  const ask: Epoch['ask'] = async (node) => {
    const mine = keys.filter((key) => owns(topology(), node, key))
    if (!mine.length) return false
    const sent = performance.now()
    const answers = await runScripts(
      node,
      mine.map((key) => textCall(key, false, lifetime)),
    )
    for (const [index, key] of mine.entries()) hear(key, answers[index], sent)
    return true
  }
  return {
    current,
    async after(since) {
      const heardOf = (): string | undefined => current() ?? (latest > since ? text : undefined)
      const found = heardOf()
      if (found !== undefined) return found
      await Promise.allSettled(
        topology()
          .nodes()
          .map((node) => node.check()),
      )
      const asked = heardOf()
      if (asked !== undefined) return asked
      throw new Error('the epoch was not heard of for two seconds')
    },
    ask,
    async renew() {
      const ends = await Promise.allSettled(
        keys.map(async (key) => {
          const sent = performance.now()
          hear(key, await run(textCall(key, true, lifetime)), sent)
        }),
      )
      for (const end of ends) if (end.status === 'rejected') throw end.reason
    },
    learn(asked) {
      if (asked <= lifetime) return
      lifetime = Math.ceil(asked)
      for (const node of topology().nodes()) if (node.trusted()) ask(node).catch(() => {})
    },
    use(namespace) {
      keys = topology().clustered
        ? PARTS.map((part) => `${namespace}:epoch{${part}}`)
        : [`${namespace}:epoch`]
      heard = new Map()
      latest = Number.NEGATIVE_INFINITY
    },
    onChange: (listener) => void listeners.push(listener),
  }
}

/** Whether this node has the key's slot, as far as is known. */
export function owns(topology: Topology, node: ValkeyNode, key: string): boolean {
  try {
    return topology.nodeOf(key) === node
  } catch {
    return false
  }
}
