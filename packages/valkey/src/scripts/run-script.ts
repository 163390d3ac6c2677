import { createHash } from 'node:crypto'
import type { Command, Reply } from '../connection/send.ts'
import type { ValkeyNode } from '../topology/topology.ts'

/** A Lua script, and the digest under which a server caches it. */
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

/** The command of a call: with the script's digest, or with its whole text. */
export function wordsOf({ script, keys, args }: ScriptCall, whole = false): Command {
  const [name, text] = whole ? ['eval', script.lua] : ['evalsha', script.sha]
  return [name, text, String(keys.length), ...keys, ...args.map(String)]
}

/**
 * Runs calls on one node, in order, in one packet. If the server has lost a script, all calls are sent again with their whole
 * text: running a call twice is harmless, and their order matters.
 * @throws the server's first error.
 */
export function runScripts(node: ValkeyNode, calls: readonly ScriptCall[]): Promise<readonly Reply[]> {
  return node
    .ask(calls.map((call) => wordsOf(call)))
    .then((answers) =>
      answers.some(isUnknownScript)
        ? node.ask(calls.map((call) => wordsOf(call, true))).then(withoutError)
        : withoutError(answers),
    )
}

function withoutError(answers: readonly Reply[]): readonly Reply[] {
  const error = answers.find((answer) => answer instanceof Error)
  if (error) throw error
  return answers
}

export function isUnknownScript(answer: Reply): boolean {
  return answer instanceof Error && answer.message.startsWith('NOSCRIPT')
}
