import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { repeatWhenBusy } from '@larder/testing'
import { expect, it, vi } from 'vitest'
import { makeServerFolder, startServer } from '../../src/services/local.ts'

repeatWhenBusy()

const local = new URL('../../src/services/local.ts', import.meta.url).href

/** A server in one line: it listens on the port it is given. */
const listen = 'require("node:net").createServer().listen(Number(process.argv[1]), "127.0.0.1")'

const reachable = async (port: number): Promise<void> => {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
  } finally {
    socket.destroy()
  }
}

it('a server and its folder are removed after its owner was killed', async () => {
  const owner = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `
    import { once } from 'node:events'
    import { connect } from 'node:net'
    import { freePort, makeServerFolder, startServer } from ${JSON.stringify(local)}
    const room = makeServerFolder('orphan')
    const port = await freePort()
    const answers = async () => { const s = connect(port, '127.0.0.1'); await once(s, 'connect'); s.destroy() }
    const command = [process.execPath, '-e', ${JSON.stringify(listen)}, String(port)]
    await startServer({ command, signal: 'TERM', room, answers, within: 10_000 })
    console.log(JSON.stringify({ port, folder: room.folder }))
    setInterval(() => {}, 1000)
  `,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const ended = once(owner, 'exit').then(([code]) =>
    Promise.reject(new Error(`the owner ended with ${code}`)),
  )
  const [line] = await Promise.race([once(owner.stdout, 'data'), ended])
  ended.catch(() => {})
  const { port, folder } = JSON.parse(String(line)) as { port: number; folder: string }
  await reachable(port)
  owner.kill('SIGKILL')
  await vi.waitFor(
    async () => expect(await reachable(port).catch((error) => error.code)).toBe('ECONNREFUSED'),
    60_000,
  )
  await vi.waitFor(() => expect(existsSync(folder)).toBe(false), 60_000)
})

it('a server that exits immediately is reported before the deadline', async () => {
  const answers = () => Promise.reject(new Error('no'))
  const run = {
    command: ['false'],
    signal: 'TERM' as const,
    room: makeServerFolder('false'),
    answers,
    within: 60_000,
  }
  await expect(startServer(run)).rejects.toThrow('false ended at once')
})

it('a server that never answers is stopped at the deadline, and the error contains its last output', async () => {
  const room = makeServerFolder('mute')
  const answers = () => Promise.reject(new Error('no'))
  const command = [process.execPath, '-e', 'console.log("I sulk"); setInterval(() => {}, 1000)']
  const run = { command, signal: 'TERM' as const, room, answers, within: 1_000 }
  await expect(startServer(run)).rejects.toThrow(/mute did not answer within 1000 ms\nI sulk/)
  expect(existsSync(room.folder)).toBe(false)
})
