import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { publishedAt } from '../../src/services/container.ts'

const folder = mkdtempSync(join(tmpdir(), 'larder-keeper-'))
afterAll(() => rmSync(folder, { recursive: true }))

const program = fileURLToPath(new URL('../../src/services/container-keeper.ts', import.meta.url))

/** A keeper of the container `kept`, and a daemon that gives it these answers one after the other. */
const keeperOf = async (name: string, ...answers: number[]) => {
  const socketPath = join(folder, `${name}.sock`)
  const requests: string[] = []
  const daemon = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    response.writeHead(answers.shift() ?? 500).end()
  }).listen(socketPath)
  await once(daemon, 'listening')
  const keeper: ChildProcessByStdio<Writable, null, null> = spawn(
    process.execPath,
    [program, 'kept', JSON.stringify({ socketPath })],
    { stdio: ['pipe', 'ignore', 'ignore'] },
  )
  const code = once(keeper, 'exit').then(([code]) => {
    daemon.close()
    return code as number
  })
  return { keeper, requests, code }
}

const removal = 'DELETE /containers/kept?force=true&v=true'

it('a container is removed with its volumes when its owner requests it, running or not', async () => {
  const { keeper, requests, code } = await keeperOf('orderly', 204)
  keeper.stdin.end('now')
  expect(await code).toBe(0)
  expect(requests).toEqual([removal])
})

it('a container that was never created needs no removal', async () => {
  const { keeper, requests, code } = await keeperOf('never', 404)
  keeper.stdin.end('now')
  expect(await code).toBe(0)
  expect(requests).toEqual([removal])
})

it('a container that was being created when its owner was killed is removed once it exists', async () => {
  const { keeper, requests, code } = await keeperOf('unborn', 404, 404, 204)
  keeper.stdin.end()
  expect(await code).toBe(0)
  expect(requests).toEqual([removal, removal, removal])
})

it('a failed removal is retried', async () => {
  const { keeper, requests, code } = await keeperOf('busy', 409, 500, 204)
  keeper.stdin.end('now')
  expect(await code).toBe(0)
  expect(requests).toHaveLength(3)
})

it('a port is published on loopback or on the one address that leads to it, and not on every interface', () => {
  expect(publishedAt('localhost')).toBe('127.0.0.1')
  expect(publishedAt('172.17.0.1')).toBe('172.17.0.1')
})

it('only a named daemon on another machine may publish on any interface', () => {
  expect(publishedAt('docker.example')).toBeUndefined()
})
