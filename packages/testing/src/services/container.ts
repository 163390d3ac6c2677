import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { isIP, Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Service } from './service.ts'

/** A container to run, and how its port becomes a URL. */
export interface Image {
  readonly name: string
  readonly port: number
  readonly environment?: Readonly<Record<string, string>>
  /** What the image's entrypoint is given; its own default when left out. */
  readonly command?: readonly string[]
  /** A line of the container's log that says it is ready, and how often it must have been written. */
  readonly ready: { readonly text: string; readonly times: number }
  url(host: string, port: number): string
}

/** Where a Docker daemon listens, as `node:http` takes it. */
export type Address = { readonly socketPath: string } | { readonly host: string; readonly port: string }

/**
 * Runs a container until `stop`, or until this process ends in any way.
 * @throws Error when the image cannot be pulled or the server in it does not come up; nothing is left behind then.
 */
export async function runContainer(image: Image, daemon: Address): Promise<Service> {
  const name = `larder-test-${process.pid}-${randomBytes(4).toString('hex')}`
  // Before the container: from here on there is no moment at which a killed test run leaves it behind.
  const remove = keep(name, daemon)
  try {
    return { url: await startContainer(image, name), from: 'docker', stop: remove }
  } catch (cause) {
    const why = `${image.name}: ${cause instanceof Error ? cause.message.trim() : cause}`
    const remains = await remove().then(
      () => '',
      (error: Error) => `; ${error.message}`,
    )
    throw new Error(why + remains, { cause })
  }
}

async function startContainer(image: Image, name: string): Promise<string> {
  // Loaded here only: it is large, and most runs never need it.
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers')
  const { host } = (await getContainerRuntimeClient()).info.containerRuntime
  const from = publishedAt(host)

  class NearbyContainer extends GenericContainer {
    // testcontainers itself publishes on every interface of the machine, and has no option for it.
    protected override async beforeContainerCreated(): Promise<void> {
      if (from === undefined) return
      this.hostConfig.PortBindings = { [`${image.port}/tcp`]: [{ HostIp: from, HostPort: '0' }] }
    }
  }

  const container = new NearbyContainer(image.name)
    .withName(name)
    .withExposedPorts(image.port)
    .withEnvironment({ ...image.environment })
    .withWaitStrategy(Wait.forLogMessage(image.ready.text, image.ready.times))
    .withStartupTimeout(120_000)
    // Its own cleaner is one more image to pull, which would hold the Docker socket. Ours needs neither.
    .withAutoCleanup(false)
  if (image.command !== undefined) container.withCommand([...image.command])
  const started = await container.start()
  return image.url(from ?? host, started.getMappedPort(image.port))
}

/**
 * The one address on which to publish the port of a container that we reach through `host`: loopback, or, when we are in
 * a container ourselves, the bridge between the two. Undefined, all of them, for a daemon on another machine.
 */
export function publishedAt(host: string): string | undefined {
  if (host === 'localhost') return '127.0.0.1'
  return isIP(host) ? host : undefined
}

/** Starts the process that removes the container `name` when the pipe to it closes: when we ask, or when we end. */
function keep(name: string, daemon: Address): () => Promise<void> {
  const program = fileURLToPath(new URL('./container-keeper.ts', import.meta.url))
  const keeper = spawn(process.execPath, [program, name, JSON.stringify(daemon)], {
    // Nothing of the test run's own: no loader, and no Ctrl-C, which reaches us first.
    env: {},
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
  })
  let said = ''
  keeper.stderr.on('data', (chunk) => {
    said = (said + String(chunk)).slice(-1_000)
  })
  const exit = once(keeper, 'exit')
  exit.catch(() => {})
  keeper.stdin.on('error', () => {})
  keeper.unref()
  for (const pipe of [keeper.stdin, keeper.stderr]) if (pipe instanceof Socket) pipe.unref()
  return async () => {
    keeper.ref()
    keeper.stdin.end('now')
    const [code] = await exit
    if (code !== 0) throw new Error(`the container ${name} may still be there: docker rm -f ${name}\n${said}`)
  }
}
