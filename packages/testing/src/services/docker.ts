import { request } from 'node:http'
import { type Address, type Image, runContainer } from './container.ts'
import type { Finder, Surroundings } from './service.ts'

/** The longest the starter waits for one answer of the daemon before it looks elsewhere, in milliseconds. */
export const daemonPatience = 2_000

/**
 * Runs `image` in Docker: when a daemon answers within two seconds and has the image already, or when
 * `LARDER_TEST_DOCKER=1` asks for it, which may pull.
 */
export function fromDocker({ env }: Surroundings, image: Image): Finder {
  return {
    name: 'docker',
    async find() {
      const isRequested = env.LARDER_TEST_DOCKER === '1'
      const pong = await ask(env, '/_ping')
      if (pong === undefined) return `no daemon answered within ${daemonPatience / 1000} s`
      if (pong !== 200) return `the daemon answered ${pong} when asked whether it is there`
      const there = await ask(env, `/images/${encodeURIComponent(image.name)}/json`)
      if (there === undefined) return `the daemon stopped answering for ${daemonPatience / 1000} s`
      if (there !== 200 && !isRequested)
        return `the image ${image.name} is not there; LARDER_TEST_DOCKER=1 pulls it`
      return await runContainer(image, daemonOf(env))
    },
  }
}

/** The daemon that `env.DOCKER_HOST` names, else the one on the usual socket. */
export function daemonOf(env: Surroundings['env']): Address {
  const host = new URL(env.DOCKER_HOST || 'unix:///var/run/docker.sock')
  return host.protocol === 'unix:'
    ? { socketPath: host.pathname }
    : { host: host.hostname, port: host.port || '2375' }
}

/** The status with which the Docker daemon of `env` answers, or undefined when none does in time. */
export function ask(env: Surroundings['env'], path: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const options = { ...daemonOf(env), path, signal: AbortSignal.timeout(daemonPatience) }
    const call = request(options, (answer) => {
      // The abort may still come while the body arrives, and the status is all we want.
      answer.on('error', () => {})
      answer.resume()
      resolve(answer.statusCode)
    })
    call.on('error', () => resolve(undefined))
    call.end()
  })
}
