import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const at = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** Optimizing Prisma's query compiler (WebAssembly) takes longer than the few queries of a member. */
const EXEC_ARGV = ['--liftoff-only', '--import', at('../support/sources.mjs')]

/** A process that a test started. It runs one program of this folder and answers one message with one message. */
export interface Member<Ask, Answer> {
  /** Rejects if the process ends instead of answering. */
  ask(message: Ask): Promise<Answer>
  /** Sends a signal that does not end the process. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): Promise<void>
  /** Resolves when the process is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>
}

/** Starts a program of this folder. Resolves when it has sent its first message. */
export async function startMember<Ask extends object, Answer>(
  program: string,
  parameters: readonly string[],
): Promise<Member<Ask, Answer>> {
  const child = fork(at(program), parameters, { execArgv: EXEC_ARGV })
  await nextMessage(child)
  return {
    async ask(message) {
      const answer = nextMessage(child)
      child.send(message)
      return (await answer) as Answer
    },
    async signal(signal) {
      child.kill(signal)
    },
    async kill(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      child.kill(signal)
      await exit
    },
  }
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const over = new AbortController()
  const exit = once(child, 'exit', { signal: over.signal }).then(([code, signal]) => {
    throw new Error(`a member ended with ${code ?? signal}`)
  })
  try {
    return (await Promise.race([once(child, 'message', { signal: over.signal }), exit]))[0]
  } finally {
    over.abort()
  }
}
