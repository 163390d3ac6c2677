import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repeatWhenBusy } from '@larder/testing'
import { afterAll, expect, it } from 'vitest'
import type { Image } from '../../src/services/container.ts'
import { daemonPatience, fromDocker } from '../../src/services/docker.ts'

repeatWhenBusy()

const folder = mkdtempSync(join(tmpdir(), 'larder-docker-'))
afterAll(() => rmSync(folder, { recursive: true }))

const image: Image = {
  name: 'somebody/server:1',
  port: 1,
  ready: { text: 'ready', times: 1 },
  url: (host, port) => `x://${host}:${port}`,
}

/** A daemon on a socket of its own; `status` decides what it says to a path. */
const daemon = async (name: string, status: (path: string) => number | undefined) => {
  const socket = join(folder, `${name}.sock`)
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    const code = status(request.url ?? '')
    if (code !== undefined) response.writeHead(code).end()
  }).listen(socket)
  const close = (): void => {
    server.closeAllConnections()
    server.close()
  }
  return {
    around: { env: { DOCKER_HOST: `unix://${socket}` }, folders: [], mayInstall: false },
    requests,
    close,
  }
}

it('without a daemon Docker is unavailable immediately', async () => {
  const around = { env: { DOCKER_HOST: `unix://${folder}/none.sock` }, folders: [], mayInstall: false }
  expect(await fromDocker(around, image).find()).toMatch(/no daemon answered/)
})

it('with a daemon that accepts and never answers, Docker is unavailable after two seconds', async () => {
  const { around, close } = await daemon('silent', () => undefined)
  const start = performance.now()
  expect(await fromDocker(around, image).find()).toMatch(/no daemon answered within 2 s/)
  expect(performance.now() - start).toBeLessThan(daemonPatience + 1_000)
  close()
})

it('with a daemon that stops answering after its first reply, Docker is unavailable after two seconds', async () => {
  const { around, close } = await daemon('sulking', (path) => (path === '/_ping' ? 200 : undefined))
  expect(await fromDocker(around, image).find()).toMatch(/stopped answering for 2 s/)
  close()
})

it('with a daemon that refuses, Docker is unavailable, and the reason contains its reply', async () => {
  const { around, close } = await daemon('refusing', () => 403)
  expect(await fromDocker(around, image).find()).toMatch(/answered 403/)
  close()
})

it('a missing image is pulled only on request', async () => {
  const { around, requests, close } = await daemon('empty', (path) => (path === '/_ping' ? 200 : 404))
  expect(await fromDocker(around, image).find()).toMatch(
    /somebody\/server:1 is not there; LARDER_TEST_DOCKER=1/,
  )
  expect(requests).toEqual(['/_ping', '/images/somebody%2Fserver%3A1/json'])
  close()
})
