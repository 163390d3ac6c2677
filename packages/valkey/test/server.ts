import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'iovalkey'

/** A server of one test's own, which it may stop, pause and start again on the same port. */
export interface Server {
  readonly port: number
  readonly url: string
  start(): Promise<void>
  /** kill -9. */
  kill(): Promise<void>
  pause(): void
  resume(): void
}

/** @param settings more of the server's configuration, such as `['--requirepass', 'x']`. */
export async function ownServer(settings: readonly string[] = []): Promise<Server> {
  const port = await freePort()
  let child: ChildProcess | undefined
  const server: Server = {
    port,
    url: `valkey://127.0.0.1:${port}`,
    async start() {
      child = spawn(
        process.env.LARDER_TEST_SERVER ?? 'valkey-server',
        ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--dir', tmpdir(), ...settings],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      for await (const line of child.stdout ?? [])
        if (String(line).includes('Ready to accept connections')) break
      child.stdout?.resume()
    },
    async kill() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
  }
  await server.start()
  return server
}

/** A client for looking at the server behind the store's back. */
export function look(url: string): Redis {
  return new Redis(url.replace('valkey:', 'redis:'))
}

/** How often each command was executed since the server started, scripts' own calls included. */
export async function commandCounts(server: Redis): Promise<ReadonlyMap<string, number>> {
  const text = await server.info('commandstats')
  const found = text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)
  return new Map([...found].map(([, name, count]) => [name ?? '', Number(count)]))
}

/** Waits until `holds` does, asking again and again, for at most `most` milliseconds. */
export async function until(holds: () => Promise<boolean> | boolean, most = 10_000): Promise<void> {
  const end = performance.now() + most
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${most} ms`)
    await wait(10)
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
