import { setTimeout as wait } from 'node:timers/promises'
import { isMoving } from '../connection/failure.ts'
import type { Answer } from '../connection/send.ts'
import type { Topology, ValkeyNode } from '../topology/topology.ts'
import { isUnknownScript, type ScriptCall, wordsOf } from './run-script.ts'

/** How long a key is looked for (ms): shorter than a write waits for its marks. */
const PATIENCE = 1_500
const PAUSE = 30

/** Runs a call on a single key wherever the key is just now. */
export type RunAlone = (call: ScriptCall) => Promise<Answer>

/**
 * Follows redirects of slots that are moving: two keys of one slot may then lie on two nodes, so each goes alone.
 * @throws the server's last error when the key was not found in time, or any other error at once.
 */
export function keyByKey(topology: () => Topology): RunAlone {
  return async (call) => {
    const until = performance.now() + PATIENCE
    for (;;) {
      const answer = await attempt(topology(), call)
      if (!(answer instanceof Error)) return answer
      if (!isMoving(answer) || !topology().clustered || performance.now() > until) throw answer
      topology().refresh()
      await wait(PAUSE)
    }
  }
}

async function attempt(topology: Topology, call: ScriptCall): Promise<Answer> {
  const answer = await once(topology.nodeOf(call.keys[0] ?? ''), call, false)
  const [kind, , address = ''] = answer instanceof Error ? answer.message.split(' ') : []
  const other = kind === 'ASK' || kind === 'MOVED' ? topology.nodeAt(address) : undefined
  // One step only: what that node says of a third one is tried again with fresh slots.
  return other ? once(other, call, kind === 'ASK') : answer
}

async function once(node: ValkeyNode, call: ScriptCall, asking: boolean): Promise<Answer> {
  for (const whole of [false, true]) {
    const words = wordsOf(call, whole)
    const answer = (await node.ask(asking ? [['asking'], words] : [words])).at(-1) ?? null
    if (whole || !isUnknownScript(answer)) return answer
  }
  return null
}
