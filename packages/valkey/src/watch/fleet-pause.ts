import type { FleetPause } from '@larder/core/store'
import { PAUSE } from '../scripts/pause.ts'
import { runScripts, type ScriptCall, scriptOf } from '../scripts/run-script.ts'
import type { Topology, ValkeyNode } from '../topology/topology.ts'
import { owns, PARTS } from './epoch.ts'

/** A pause that a server has lost is restored if this process read it less than this ago (ms). */
const RESTORED_WITHIN = 60_000

/** First character of the stored text. The reason follows. */
const PAUSED = '1'
const RESUMED = '0'

const script = scriptOf(PAUSE)

/**
 * The pause of all caches of a namespace. It is read with each check of a server, before the server is trusted. In a Cluster it
 * is stored in three slots, and one of them is enough to pause the fleet: no clocks of two servers are compared, and a pause
 * survives the loss of a shard. The end of a pause is stored as well, so that a missing key shows a loss.
 */
export interface FleetPauses {
  /** Tells a new cache of the present pause, if one was read. */
  reportTo(paused: (pause: FleetPause) => void): void
  /** Reads the parts that a node has, and restores those that the node has lost. @throws Error if the node refuses that. */
  fetchFrom(node: ValkeyNode): Promise<void>
  /** Stores a pause, or the end of it. @throws Error if a part of it cannot be stored; the other parts may be. */
  set(pause: FleetPause | undefined): Promise<void>
  /** Switches to the pause of a namespace and drops what was read. */
  setNamespace(namespace: string): void
}

export interface FleetPauseSetup {
  readonly topology: () => Topology
  /** Runs a call on the node that has its key. */
  readonly run: (call: ScriptCall) => Promise<unknown>
  readonly onChange: (pause: FleetPause | undefined) => void
  readonly warn: (code: string, message: string) => void
}

interface Part {
  readonly text: string
  /** When the request was sent, by `performance.now()`. */
  readonly sent: number
}

export function createFleetPauses({ topology, run, onChange, warn }: FleetPauseSetup): FleetPauses {
  let keys: readonly string[] = []
  let parts = new Map<string, Part>()
  let current: FleetPause | undefined

  const update = (): void => {
    const text = keys.map((key) => parts.get(key)?.text ?? '').find((part) => part.startsWith(PAUSED))
    const reason = text?.slice(PAUSED.length)
    if (reason === current?.reason) return
    current = reason === undefined ? undefined : { reason }
    onChange(current)
  }
  const record = (key: string, text: string | undefined, sent: number): void => {
    const before = parts.get(key)
    // A late reply of another node, or one to a namespace that is no longer used.
    if (!keys.includes(key) || (before && before.sent > sent)) return
    if (text === undefined) parts.delete(key)
    else parts.set(key, { text, sent })
  }
  const lost = async (node: ValkeyNode, key: string, { text, sent: readAt }: Part): Promise<void> => {
    const sent = performance.now()
    if (sent - readAt > RESTORED_WITHIN) {
      record(key, undefined, sent)
      warn('pause-lost', LOST)
      return
    }
    const [kept] = await runScripts(node, [{ script, keys: [key], args: [text, 0] }])
    record(key, String(kept), sent)
    warn('pause-restored', RESTORED)
  }
  return {
    reportTo(paused) {
      if (current) paused(current)
    },
    async fetchFrom(node) {
      const owned = keys.filter((key) => owns(topology(), node, key))
      if (!owned.length) return
      const sent = performance.now()
      const answers = await node.ask(owned.map((key) => ['get', key]))
      for (const [index, key] of owned.entries()) {
        const answer = answers[index]
        if (answer instanceof Error) throw answer
        const before = parts.get(key)
        if (answer !== null) record(key, String(answer), sent)
        else if (before?.text.startsWith(PAUSED) && before.sent < sent) await lost(node, key, before)
      }
      update()
    },
    async set(pause) {
      const text = pause ? `${PAUSED}${pause.reason}` : RESUMED
      const ends = await Promise.allSettled(
        keys.map(async (key) => {
          const stored = String(await run({ script, keys: [key], args: [text, 1] }))
          // A check that was sent while the script was on its way may have read what was there before.
          record(key, stored, performance.now())
        }),
      )
      update()
      for (const end of ends) if (end.status === 'rejected') throw end.reason
    },
    setNamespace(namespace) {
      keys = topology().clustered
        ? PARTS.map((part) => `${namespace}:pause{${part}}`)
        : [`${namespace}:pause`]
      parts = new Map()
      update()
    },
  }
}

const RESTORED =
  'the server had lost the pause of the fleet (FLUSHALL, eviction, or a restart without its data), so this process restored it'
const LOST =
  'the server has lost the pause of the fleet while this process was not connected to it, so the fleet is no longer paused: pause it again if you still need that'
