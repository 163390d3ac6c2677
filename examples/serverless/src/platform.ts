import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Request, Response } from './handler.ts'

/** One instance of the function. */
export interface Instance {
  /** Thaws the process, hands it the request, and freezes it as soon as its answer is here. */
  invoke(request: Request): Promise<Response>
  /** Ends it as a platform does: without a word. */
  kill(): Promise<void>
}

/** Starts an instance and freezes it. */
export async function startInstance(env: Readonly<Record<string, string>>): Promise<Instance> {
  const program = fileURLToPath(new URL('./instance.ts', import.meta.url))
  const child = fork(program, { env: { ...process.env, ...env } })
  await next(child)
  child.kill('SIGSTOP')
  let turn: Promise<unknown> = Promise.resolve()
  return {
    invoke(request) {
      const answer = turn.then(async () => {
        child.kill('SIGCONT')
        child.send(request)
        const response = (await next(child)) as Response
        child.kill('SIGSTOP')
        return response
      })
      turn = answer.catch(() => {})
      return answer
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
}

async function next(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController()
  const { signal } = ended
  try {
    const exit = once(child, 'exit', { signal }).then(([code]) => {
      throw new Error(`the instance ended with ${code}`)
    })
    const [message] = await Promise.race([once(child, 'message', { signal }), exit])
    return message
  } finally {
    ended.abort()
  }
}
