import { setTimeout as wait } from 'node:timers/promises'
import { isMoving } from '../connection/failure.ts'
import type { Reply } from '../connection/send.ts'
import type { Topology, ValkeyNode } from '../topology/topology.ts'
import { isUnknownScript, type ScriptCall, wordsOf } from './run-script.ts'

/** How long a key is searched for (ms): shorter than a write waits for its marks. */
const SEARCH_TIME = 1_500
const PAUSE = 30

/** Runs a call on a single key, on whichever node has the key. */
export type RunOnKey = (call: ScriptCall) => Promise<Reply>

/**
 * Follows redirects while a slot moves. Two keys of the slot may then be on two nodes, so each is sent alone.
 * @throws the server's last error if the key was not found in time, and any other error immediately.
 */
export function runOnKey(topology: () => Topology): RunOnKey {
  return async (call) => {
    const until = performance.now() + SEARCH_TIME
    for (;;) {
      const reply = await attempt(topology(), call)
      if (!(reply instanceof Error)) return reply
      if (!isMoving(reply) || !topology().clustered || performance.now() > until) throw reply
      topology().refresh()
      await wait(PAUSE)
    }
  }
}

async function attempt(topology: Topology, call: ScriptCall): Promise<Reply> {
  const reply = await once(topology.nodeOf(call.keys[0] ?? ''), call, false)
  const [kind, , address = ''] = reply instanceof Error ? reply.message.split(' ') : []
  const other = kind === 'ASK' || kind === 'MOVED' ? topology.nodeAt(address) : undefined
  // Only one step: a second redirect is tried again with fresh slots.
  return other ? once(other, call, kind === 'ASK') : reply
}

async function once(node: ValkeyNode, call: ScriptCall, asking: boolean): Promise<Reply> {
  for (const whole of [false, true]) {
    const words = wordsOf(call, whole)
    const reply = (await node.ask(asking ? [['asking'], words] : [words])).at(-1) ?? null
    if (whole || !isUnknownScript(reply)) return reply
  }
  return null
}
