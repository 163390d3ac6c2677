import { repeatWhenBusy } from '@larder/testing'
import type { Redis } from 'iovalkey'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createAdvisor } from '../../src/advice/advice.ts'
import { connectTo, ownServer, type Server } from '../support/server.ts'

repeatWhenBusy()

let valkey: Server
let server: Redis
let messages: string[]
const warn = (code: string): void => void messages.push(code)

beforeAll(async () => {
  valkey = await ownServer()
  server = connectTo(valkey.url)
})
afterAll(async () => {
  server.disconnect()
  await valkey.kill()
})
beforeEach(() => {
  messages = []
})

/** What an advisor tells of the server with such settings. */
async function advised(policy: string, minReplicas: string, sentinel: boolean): Promise<readonly string[]> {
  await server.config('SET', 'maxmemory-policy', policy, 'min-replicas-to-write', minReplicas)
  await createAdvisor(warn).inspect('one', server, sentinel)
  return messages
}

it.each([
  ['noeviction', 'valkey-noeviction'],
  ['volatile-ttl', 'valkey-volatile-ttl'],
])('maxmemory-policy %s is reported', async (policy, code) => {
  expect(await advised(policy, '1', true)).toEqual([code])
})

it.each(['allkeys-lru', 'allkeys-lfu', 'volatile-lru', 'allkeys-random'])(
  'maxmemory-policy %s is not reported',
  async (policy) => {
    expect(await advised(policy, '1', true)).toEqual([])
  },
)

it('min-replicas-to-write 0 is reported under Sentinel only', async () => {
  expect(await advised('allkeys-lru', '0', false)).toEqual([])
  expect(await advised('allkeys-lru', '0', true)).toEqual(['valkey-min-replicas'])
})

it('each warning is emitted once, whatever the number of primaries and inspections', async () => {
  await server.config('SET', 'maxmemory-policy', 'noeviction')
  const advisor = createAdvisor(warn)
  for (const name of ['one', 'one', 'two']) await advisor.inspect(name, server, false)
  expect(messages).toEqual(['valkey-noeviction'])
})

it('a server that refuses INFO causes no warning and is inspected again', async () => {
  await server.config('SET', 'maxmemory-policy', 'noeviction')
  await server.acl('SETUSER', 'mute', 'on', 'nopass', '~*', '&*', '+@all', '-info')
  const mute = connectTo(valkey.url.replace('//', '//mute:x@'))
  const advisor = createAdvisor(warn)
  await advisor.inspect('one', mute, true)
  expect(messages).toEqual([])
  mute.disconnect()
  await advisor.inspect('one', server, true)
  expect(messages).toEqual(expect.arrayContaining(['valkey-noeviction']))
})

it('an INFO without the fields causes no warning', async () => {
  await createAdvisor(warn).inspect('one', { info: async () => '# Memory\r\nused_memory:1\r\n' }, true)
  expect(messages).toEqual([])
})
