import { request } from 'node:http'
import type { Surroundings, Way } from './service.ts'

/** A container to run, and how its port becomes a URL. */
export interface Image {
  readonly name: string
  readonly port: number
  readonly environment?: Readonly<Record<string, string>>
  /** A line of the container's log that says it is ready, and how often it must have been written. */
  readonly ready: { readonly text: string; readonly times: number }
  url(host: string, port: number): string
}

/** The longest the starter waits for the daemon before it looks elsewhere, in milliseconds. */
export const daemonPatience = 2_000

/**
 * Runs `image` through testcontainers: when a daemon answers within two seconds and has the image already, or when
 * `LARDER_TEST_DOCKER=1` asks for it, which may pull.
 */
export function fromDocker({ env }: Surroundings, image: Image): Way {
  return {
    name: 'docker',
    async find() {
      const asked = env.LARDER_TEST_DOCKER === '1'
      if ((await ask(env, '/_ping')) !== 200) return `no daemon answered within ${daemonPatience / 1000} s`
      const there = (await ask(env, `/images/${encodeURIComponent(image.name)}/json`)) === 200
      if (!there && !asked) return `the image ${image.name} is not there; LARDER_TEST_DOCKER=1 pulls it`
      return await start(image)
    },
  }
}

/** The status with which the Docker daemon of `env` answers, or undefined when none does in time. */
export function ask(env: Surroundings['env'], path: string): Promise<number | undefined> {
  const host = new URL(env.DOCKER_HOST || 'unix:///var/run/docker.sock')
  const where =
    host.protocol === 'unix:'
      ? { socketPath: host.pathname }
      : { host: host.hostname, port: host.port || 2375 }
  return new Promise((resolve) => {
    const call = request({ ...where, path, signal: AbortSignal.timeout(daemonPatience) }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    call.on('error', () => resolve(undefined))
    call.end()
  })
}

async function start(image: Image): Promise<import('./service.ts').Service> {
  // Loaded here only: it is large, and most runs never need it.
  const { GenericContainer, Wait } = await import('testcontainers')
  const container = await new GenericContainer(image.name)
    .withExposedPorts(image.port)
    .withEnvironment({ ...image.environment })
    .withWaitStrategy(Wait.forLogMessage(image.ready.text, image.ready.times))
    .withStartupTimeout(120_000)
    .start()
  return {
    url: image.url(container.getHost(), container.getMappedPort(image.port)),
    from: 'docker',
    stop: async () => {
      await container.stop()
    },
  }
}
