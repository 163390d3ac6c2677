import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { repeatWhenBusy, valkeyUrl } from '@larder/testing'
import { expect, it } from 'vitest'

repeatWhenBusy()

const hooks = fileURLToPath(new URL('../../../test/support/sources.mjs', import.meta.url))

/** Runs a program that reads, writes, closes its cache and ends by itself. @returns what it prints. */
async function run(url: string, mode: string): Promise<readonly string[]> {
  const program = `
    import { createCache } from '@larder/core'
    import { valkeyStore } from '@larder/valkey'
    const cache = createCache({ store: valkeyStore('${url}'), namespace: 'closing', memory: { mode: '${mode}' } })
    console.log(await cache.wrap('a', { ttl: '1s', tags: ['t'] }, async () => 'read'))
    void cache.invalidate({ tags: ['t'] })
    const began = performance.now()
    await cache.close()
    console.log(performance.now() - began < 2_500 ? 'closed in time' : 'closed late')`
  const args = ['--import', hooks, '--input-type=module', '--eval', program]
  // One that stays alive is killed, and rejects.
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 120_000 })
  return stdout.trim().split('\n')
}

const DONE = ['read', 'closed in time']

it.each(['off', 'validate', 'push'])('a script that closes its cache exits, in mode %s', async (mode) => {
  expect(await run(await valkeyUrl(), mode)).toEqual(DONE)
})

it('a script exits after closing its cache, even if its server is absent or never answers', async () => {
  const listener = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as { port: number }
  expect(await run(`valkey://127.0.0.1:${port}`, 'validate')).toEqual(DONE)
  listener.close()
  expect(await run(`valkey://127.0.0.1:1`, 'validate')).toEqual(DONE)
})
