import { createHash } from 'node:crypto'
import type { Answer, Words } from '../connection/send.ts'
import type { ValkeyNode } from '../topology/topology.ts'

/** A Lua script and the digest by which a server that has seen it knows it. */
export interface Script {
  readonly lua: string
  readonly sha: string
}

/** One call of a script. */
export interface ScriptCall {
  readonly script: Script
  readonly keys: readonly string[]
  readonly args: readonly (string | number)[]
}

export function scriptOf(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') }
}

/** The command of a call: by digest, or with the script's whole text. */
export function wordsOf({ script, keys, args }: ScriptCall, whole = false): Words {
  const [name, text] = whole ? ['eval', script.lua] : ['evalsha', script.sha]
  return [name, text, String(keys.length), ...keys, ...args.map(String)]
}

/**
 * Runs calls on one node, one after the other, in one packet. A server that lost its scripts gets them again, and
 * then all calls again: each is harmless twice, and their order counts.
 * @throws the first error of the server's.
 */
export async function runScripts(node: ValkeyNode, calls: readonly ScriptCall[]): Promise<readonly Answer[]> {
  let answers = await node.ask(calls.map((call) => wordsOf(call)))
  if (answers.some(isUnknownScript)) answers = await node.ask(calls.map((call) => wordsOf(call, true)))
  const error = answers.find((answer) => answer instanceof Error)
  if (error) throw error
  return answers
}

export function isUnknownScript(answer: Answer): boolean {
  return answer instanceof Error && answer.message.startsWith('NOSCRIPT')
}
