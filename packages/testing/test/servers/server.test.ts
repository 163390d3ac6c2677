import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { repeatWhenBusy } from '@larder/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ask } from '../../src/servers/ask.ts'
import { redisProgram, valkeyProgram } from '../../src/servers/program.ts'
import { type OwnServer, startServer } from '../../src/servers/server.ts'
import { until } from '../../src/servers/until.ts'

repeatWhenBusy()

const source = new URL('../../src/servers/server.ts', import.meta.url).href
const nothing = { env: { PATH: '' }, folders: [], mayInstall: false }

let server: OwnServer
beforeAll(async () => {
  server = await startServer(['--appendonly', 'yes'])
})
afterAll(() => server.stop())

it('a killed server restarts on its port with its saved data', async () => {
  await server.call('SET', 'a', 'ä\r\n')
  await server.kill()
  await expect(server.call('PING')).rejects.toThrow(/ECONNREFUSED/)
  await server.start()
  expect(await server.call('GET', 'a')).toBe('ä\r\n')
  await server.restart()
  expect(await server.call('LRANGE', 'none', '0', '-1')).toEqual([])
  expect(await server.call('GET', 'none')).toBeNull()
})

it('a paused server keeps connections open and answers nothing until it is resumed', async () => {
  server.pause()
  await expect(ask(server.port, ['PING'], 200)).rejects.toThrow(/abort/)
  server.resume()
  expect(await server.call('PING')).toBe('PONG')
})

it('a server and its folder are removed when its owner ends, even while the server is paused', async () => {
  const program = `
    import { startServer } from ${JSON.stringify(source)}
    const server = await startServer()
    server.pause()
    console.log(JSON.stringify([server.port, server.folder]))
    setInterval(() => {}, 1000)
  `
  const owner = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [port, folder] = JSON.parse(String((await once(owner.stdout, 'data'))[0])) as [number, string]
  owner.kill('SIGKILL')
  await until(() => !existsSync(folder))
  await expect(ask(port, ['PING'])).rejects.toThrow(/ECONNREFUSED/)
})

it('a server that does not start throws an error with its last output and leaves nothing behind', async () => {
  await expect(startServer(['--nonsense', 'yes'])).rejects.toThrow(/does not start:.*nonsense/s)
})

it('without a server program the error says what to install, and that Docker cannot help', async () => {
  await expect(valkeyProgram(nothing)).rejects.toThrow(/in Docker.*cannot.*apt install valkey-server/s)
  expect(await redisProgram(nothing)).toEqual({ reason: expect.stringContaining('LARDER_TEST_REDIS') })
})

it('programs named in the environment are used without a check', async () => {
  const env = { PATH: '', LARDER_TEST_SERVER: '/a', LARDER_TEST_REDIS: '/b' }
  expect(await valkeyProgram({ ...nothing, env })).toBe('/a')
  expect(await redisProgram({ ...nothing, env })).toEqual({ program: '/b' })
})
