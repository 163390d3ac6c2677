import { randomBytes } from 'node:crypto'
import { EPOCH } from '../scripts/epoch.ts'
import { runScripts, type ScriptCall, scriptOf } from '../scripts/run-script.ts'
import type { Topology, ValkeyNode } from '../topology/topology.ts'

/** A reply to a request sent less than this ago counts (ms). */
const TRUST = 2_000
/** Shortest lifetime of the epoch (ms). Every connected process extends it each second. */
const SHORTEST_LIFE = 4_000

/** Hash tags of slots in the last, first and second third of all. */
export const PARTS: readonly string[] = ['a', 'b', 'c']

const script = scriptOf(EPOCH)

/**
 * What `invalidate({ all: true })` changes: each entry names the epoch it was stored in. In a Cluster, the epoch has three
 * parts in three slots, so that the cache survives the loss of a shard. A new epoch counts once one part of it was read.
 */
export interface Epoch {
  /** The current epoch; undefined if no part of it was read recently. */
  current(): string | undefined
  /**
   * The current epoch, or the one read after `since` (a time of `performance.now()`), from the servers if necessary.
   * @throws Error if no part of it can be read.
   */
  after(since: number): Promise<string>
  /**
   * Reads the parts that a node has. The script is a write, so only a primary that accepts writes replies.
   * @returns whether the node has any.
   */
  fetchFrom(node: ValkeyNode): Promise<boolean>
  /** Begins a new epoch, which this process uses immediately. */
  renew(): Promise<void>
  /**
   * Entries and tags live this long (ms), and so must the epoch. A longer time than before is sent to the servers now, because
   * this process may end before the next check. Not awaited.
   */
  extend(lifetime: number): void
  /** Switches to the epoch of a namespace and drops what was read. */
  setNamespace(namespace: string): void
  /** The listener is called for every change, including those of other processes. */
  onChange(listener: () => void): void
}

/** A script call that creates a text under a key, or replaces it. Returns the text that counts. */
export function textCall(key: string, replace: boolean, lifetime: number): ScriptCall {
  return { script, keys: [key], args: [randomBytes(9).toString('base64url'), Number(replace), lifetime] }
}

/** @param run runs a call on the node that has its key. */
export function epochOf(topology: () => Topology, run: (call: ScriptCall) => Promise<unknown>): Epoch {
  let keys: readonly string[] = []
  let parts = new Map<string, { text: string; sent: number }>()
  let text = ''
  let latestReply = Number.NEGATIVE_INFINITY
  let lifetime = SHORTEST_LIFE
  const listeners: (() => void)[] = []

  const record = (key: string, answer: unknown, sent: number): void => {
    if (!keys.includes(key)) return
    const before = parts.get(key)
    if (before && before.sent > sent) return
    parts.set(key, { text: String(answer), sent })
    latestReply = Math.max(latestReply, sent)
    text = keys.map((each) => parts.get(each)?.text ?? '?').join('+')
    if (before && before.text !== String(answer)) for (const listener of listeners) listener()
  }
  const current = (): string | undefined => (performance.now() - latestReply < TRUST ? text : undefined)
  const fetchFrom: Epoch['fetchFrom'] = async (node) => {
    const owned = keys.filter((key) => owns(topology(), node, key))
    if (!owned.length) return false
    const sent = performance.now()
    const answers = await runScripts(
      node,
      owned.map((key) => textCall(key, false, lifetime)),
    )
    for (const [index, key] of owned.entries()) record(key, answers[index], sent)
    return true
  }
  return {
    current,
    async after(since) {
      const readSince = (): string | undefined => current() ?? (latestReply > since ? text : undefined)
      const lastRead = readSince()
      if (lastRead !== undefined) return lastRead
      await Promise.allSettled(
        topology()
          .nodes()
          .map((node) => node.check()),
      )
      const checked = readSince()
      if (checked !== undefined) return checked
      throw new Error('no server has returned the epoch for two seconds')
    },
    fetchFrom,
    async renew() {
      const ends = await Promise.allSettled(
        keys.map(async (key) => {
          const sent = performance.now()
          record(key, await run(textCall(key, true, lifetime)), sent)
        }),
      )
      for (const end of ends) if (end.status === 'rejected') throw end.reason
    },
    extend(longer) {
      if (longer <= lifetime) return
      lifetime = Math.ceil(longer)
      for (const node of topology().nodes()) if (node.trusted()) fetchFrom(node).catch(() => {})
    },
    setNamespace(namespace) {
      keys = topology().clustered
        ? PARTS.map((part) => `${namespace}:epoch{${part}}`)
        : [`${namespace}:epoch`]
      parts = new Map()
      latestReply = Number.NEGATIVE_INFINITY
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
