import { ask, type Reply } from './ask.ts'
import { type KeptProgram, keep } from './keeper.ts'
import { ownPort } from './port.ts'
import { valkeyProgram } from './program.ts'
import { until } from './until.ts'

/** A server of one test's own, which it may pause, kill and start again on the same port. */
export interface OwnServer {
  readonly port: number
  readonly url: string
  /** Where it keeps its files. */
  readonly folder: string
  /** Starts it again. Resolves when it answers, or, with `'listening'`, when it says that it is still loading. */
  start(state?: 'ready' | 'listening'): Promise<void>
  /** kill -9. Does nothing when it is down. */
  kill(): Promise<void>
  /** Kills it and starts it again. */
  restart(): Promise<void>
  /** SIGSTOP: connections stay open, and nothing answers. */
  pause(): void
  resume(): void
  /** Asks it something, over a connection of its own. @throws Error with the server's text. */
  call(...command: readonly string[]): Promise<Reply>
  /** Kills it and removes its files. */
  stop(): Promise<void>
}

/** More about a server: the program (Valkey's unless given), and where and how it listens. */
export interface Launch {
  readonly program?: string
  readonly port?: number
  /** The whole command line after the program, instead of the usual settings. */
  readonly command?: (folder: string, port: number) => readonly string[]
}

/**
 * Starts a server on 127.0.0.1 that belongs to this process and ends with it. Saves nothing unless told to.
 * @param settings more of its configuration, such as `['--requirepass', 'x']`.
 */
export async function startServer(
  settings: readonly string[] = [],
  { program, port: wished, command }: Launch = {},
): Promise<OwnServer> {
  const [path, port] = [program ?? (await valkeyProgram()), wished ?? (await ownPort())]
  const usual = (folder: string): readonly string[] => [
    ...['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--dir', folder],
    ...settings,
  ]
  const started = keep('server', (folder) => [path, ...(command?.(folder, port) ?? usual(folder))])
  const server = serverOf(started, port)
  try {
    await server.start()
    return server
  } catch (error) {
    await server.stop()
    throw error
  }
}

function serverOf(kept: KeptProgram, port: number): OwnServer {
  const signal = (name: NodeJS.Signals): void => {
    if (kept.pid !== undefined) process.kill(kept.pid, name)
  }
  const server: OwnServer = {
    port,
    url: `valkey://127.0.0.1:${port}`,
    folder: kept.folder,
    async start(state = 'ready') {
      await kept.start()
      const { pid } = kept
      await until(async () => kept.pid !== pid || (await answers(port, state)), 30_000).catch(() => {})
      if (kept.pid !== pid || !(await answers(port, state)))
        throw new Error(`the server on port ${port} does not start:\n${kept.lastWords()}`)
    },
    kill: () => kept.kill(),
    async restart() {
      await server.kill()
      await server.start()
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    call: (...command) => ask(port, command),
    stop: () => kept.stop(),
  }
  return server
}

async function answers(port: number, state: 'ready' | 'listening'): Promise<boolean> {
  try {
    return (await ask(port, ['PING'])) === 'PONG'
  } catch (error) {
    const text = error instanceof Error ? error.message : ''
    return text.startsWith('NOAUTH') || (state === 'listening' && text.startsWith('LOADING'))
  }
}
