import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { thisMachine } from '../../src/services/surroundings.ts'
import { startValkey } from '../../src/services/valkey.ts'

const noDocker = { DOCKER_HOST: 'unix:///nowhere.sock' }

const say = async (url: string, line: string): Promise<string> => {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  try {
    await once(socket, 'connect')
    socket.write(`${line}\r\n`)
    return String((await once(socket, 'data'))[0])
  } finally {
    socket.destroy()
  }
}

it('a URL in the environment takes precedence, and no server is started', async () => {
  const service = await startValkey({
    env: { VALKEY_URL: 'redis://v.example' },
    folders: [],
    mayInstall: false,
  })
  expect(service).toMatchObject({ url: 'redis://v.example', from: 'environment' })
})

// Where no Valkey is installed and none may be, this fails with the text that says how to get one.
it('a local Valkey answers PING on the loopback interface only and is removed by stop', {
  timeout: 240_000,
}, async () => {
  const around = thisMachine()
  const service = await startValkey({ ...around, env: { PATH: process.env.PATH, ...noDocker } })
  expect(service.from).toBe('local')
  expect(await say(service.url, 'PING')).toBe('+PONG\r\n')
  expect(await say(service.url, 'CONFIG GET bind')).toContain('127.0.0.1\r\n')
  await service.stop()
  await expect(say(service.url, 'PING')).rejects.toThrow(/ECONNREFUSED/)
})

it('without any way to start a server the error gives each reason and names the fix', async () => {
  const nothing = { env: { PATH: '', ...noDocker }, folders: [], mayInstall: false }
  await expect(startValkey(nothing)).rejects.toThrow(
    /VALKEY_URL is not set.*no daemon answered.*no program valkey-server or redis-server.*apt install valkey-server/s,
  )
})

it('a server that cannot be started gives a reason in the error instead of a crash', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'larder-broken-'))
  const program = join(folder, 'valkey-server')
  writeFileSync(program, '#!/bin/sh\necho no disk left; exit 1\n', { mode: 0o755 })
  const broken = { env: { PATH: '', ...noDocker }, folders: [folder], mayInstall: false }
  await expect(startValkey(broken)).rejects.toThrow(/local: failed: .*no disk left.*Do one of these/s)
  rmSync(folder, { recursive: true })
})
