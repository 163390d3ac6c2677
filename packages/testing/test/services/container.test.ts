import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { networkInterfaces } from 'node:os'
import { createInterface } from 'node:readline'
import { json } from 'node:stream/consumers'
import { Client } from 'pg'
import { beforeAll, expect, it, type TestContext, vi } from 'vitest'
import { skipTest } from '../../src/runner/skip-test.ts'
import { ask, daemonOf } from '../../src/services/docker.ts'
import { startPostgres } from '../../src/services/postgres.ts'
import { thisMachine } from '../../src/services/surroundings.ts'

// With a real daemon only, and only with what it has: no test pulls an image.
const image = 'postgres:17-alpine'
const env = { ...process.env, TEST_DATABASE_URL: undefined, LARDER_TEST_DOCKER: undefined, PATH: '' }
const around = { ...thisMachine(), env, folders: [], mayInstall: false }

let missing: string | undefined
beforeAll(async () => {
  if ((await ask(env, '/_ping')) !== 200) missing = 'no Docker daemon answers'
  else if ((await ask(env, `/images/${encodeURIComponent(image)}/json`)) !== 200)
    missing = `no image ${image}`
})

/** Skips the test where Docker cannot be tried. */
const needDocker = (context: TestContext): void => {
  if (missing !== undefined) skipTest(context, missing)
}

const show = async (url: string, setting: string): Promise<string> => {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query({ text: `SHOW ${setting}`, rowMode: 'array' })).rows[0]?.[0]
  } finally {
    await client.end()
  }
}

/** The same URL by way of another address of this machine. */
const through = (url: string, address: string): string =>
  Object.assign(new URL(url), { hostname: address }).href

/** What the daemon has of the containers that process `pid` started, running or not. */
const containersOf = async (pid: number | undefined): Promise<unknown> => {
  const filters = encodeURIComponent(JSON.stringify({ name: [`larder-test-${pid}-`] }))
  const call = get({ ...daemonOf(env), path: `/containers/json?all=true&filters=${filters}` })
  const [answer] = (await once(call, 'response')) as [IncomingMessage]
  return await json(answer)
}

it('a PostgreSQL in a container answers at its own address only, and is removed by stop', async (context) => {
  needDocker(context)
  const service = await startPostgres(around)
  expect(service.from).toBe('docker')
  expect(await show(service.url, 'max_connections')).toBe('200')
  expect(await containersOf(process.pid)).toHaveLength(1)
  const published = new URL(service.url).hostname
  const others = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ address, family }) => family === 'IPv4' && address !== published)
  for (const { address } of others) {
    await expect(show(through(service.url, address), 'port'), address).rejects.toThrow(/ECONNREFUSED/)
  }
  await service.stop()
  await expect(show(service.url, 'port')).rejects.toThrow(/ECONNREFUSED/)
  expect(await containersOf(process.pid)).toEqual([])
})

it('a container is removed after its owner was killed', async (context) => {
  needDocker(context)
  const [postgres, machine] = ['postgres', 'surroundings'].map((name) =>
    JSON.stringify(new URL(`../../src/services/${name}.ts`, import.meta.url).href),
  )
  const script = `
    import { startPostgres } from ${postgres}
    import { thisMachine } from ${machine}
    const service = await startPostgres({ ...thisMachine(), folders: [], mayInstall: false })
    console.log(JSON.stringify(service))
    setInterval(() => {}, 1000)`
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(createInterface(owner.stdout), 'line')
  const { url, from } = JSON.parse(String(line))
  expect(from).toBe('docker')
  expect(await show(url, 'max_connections')).toBe('200')
  expect(await containersOf(owner.pid)).toHaveLength(1)
  owner.kill('SIGKILL')
  await vi.waitFor(async () => expect(await containersOf(owner.pid)).toEqual([]), 20_000)
  await expect(show(url, 'port')).rejects.toThrow(/ECONNREFUSED/)
})
