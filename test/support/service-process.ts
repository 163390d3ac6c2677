import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A service of `examples` in a process of its own. */
export interface ServiceProcess {
  /** Where it listens. */
  readonly url: string
  /** SIGTERM. @throws Error if it does not end well. */
  stop(): Promise<void>
}

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/**
 * Starts `examples/<name>/src/main.ts` as its README says, on a free port. Resolves when it listens.
 * @param program what to start instead, with the arguments of Node.
 * @throws Error with what it wrote if it ends before that.
 */
export async function startService(
  name: string,
  env: Readonly<Record<string, string>>,
  program: readonly string[] = ['--import', at('./sources.mjs'), at(`../../examples/${name}/src/main.ts`)],
): Promise<ServiceProcess> {
  const child = spawn(process.execPath, program, {
    cwd: at('../..'),
    env: { ...process.env, ...env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const written: string[] = []
  const listening = Promise.withResolvers<string>()
  for (const output of [child.stdout, child.stderr])
    createInterface(output).on('line', (line) => {
      written.push(line)
      const [url] = /http:\/\/[\d.]+:\d+|http:\/\/\[::1\]:\d+/.exec(line) ?? []
      if (url) listening.resolve(url)
    })
  child.once('exit', () => listening.reject(new Error(`${name} ended:\n${written.join('\n')}`)))
  const url = await listening.promise
  return { url, stop: () => stop(child, written) }
}

async function stop(child: ChildProcess, written: readonly string[]): Promise<void> {
  if (child.exitCode === null) {
    const exit = once(child, 'exit')
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await exit.finally(() => clearTimeout(late))
  }
  if (child.exitCode !== 0)
    throw new Error(`it ended with ${child.exitCode ?? child.signalCode}:\n${written.join('\n')}`)
}
