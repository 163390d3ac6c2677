import { repeatWhenBusy, startCluster, startSentinels } from '@larder/testing'
import { valkeyAdvice } from '@larder/valkey'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectTo, ownServer, type Server } from '../support/server.ts'

repeatWhenBusy()

const codes = async (options: Parameters<typeof valkeyAdvice>[0]): Promise<readonly string[]> =>
  (await valkeyAdvice(options)).map(({ code }) => code).sort()

describe('advice for one server', () => {
  let server: Server
  beforeAll(async () => {
    server = await ownServer(['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'])
  })
  afterAll(() => server.stop())

  async function after(...setting: [string, string]): Promise<readonly string[]> {
    const client = connectTo(server.url)
    await client.config('SET', ...setting)
    client.disconnect()
    return await codes(server.url)
  }

  it('a server with good settings gets no advice', async () => {
    expect(await codes(server.url)).toEqual([])
  })

  it.each([
    ['maxmemory', '0', 'valkey-maxmemory', '100mb'],
    ['timeout', '9', 'valkey-timeout', '10'],
    ['maxmemory-policy', 'noeviction', 'valkey-noeviction', 'allkeys-lfu'],
    ['maxmemory-policy', 'volatile-ttl', 'valkey-volatile-ttl', 'allkeys-lru'],
  ])('%s %s is reported', async (name, bad, code, good) => {
    expect(await after(name, bad)).toEqual([code])
    expect(await after(name, good)).toEqual([])
  })

  it('a user without CONFIG or INFO gets advice about that, and the remaining advice', async () => {
    const client = connectTo(server.url)
    await client.acl('SETUSER', 'app', 'on', '>x', '~*', '&*', '+@all', '-config')
    client.disconnect()
    expect(await codes(server.url.replace('//', '//app:x@'))).toEqual(['valkey-config'])
    const muter = connectTo(server.url)
    await muter.acl('SETUSER', 'app', '-info')
    muter.disconnect()
    expect(await codes(server.url.replace('//', '//app:x@'))).toEqual(['valkey-config', 'valkey-info'])
  })

  it('advice leaves no key on the server', async () => {
    await codes(server.url)
    const client = connectTo(server.url)
    expect(await client.dbsize()).toBe(0)
    client.disconnect()
  })
})

it('an unreachable server is an error without a password', async () => {
  await expect(valkeyAdvice('valkey://u:secret@127.0.0.1:1')).rejects.toThrow(/127\.0\.0\.1:1/)
  await expect(valkeyAdvice('valkey://u:secret@127.0.0.1:1')).rejects.not.toThrow(/secret/)
})

it('one URL covers a whole Cluster, and each setting is reported once', async () => {
  const cluster = await startCluster({ primaries: 3, replicas: 0 })
  try {
    const [url = ''] = cluster.urls
    const said = await codes(url)
    expect(said).toEqual(await codes({ nodes: cluster.urls }))
    for (const each of cluster.urls) {
      const client = connectTo(each)
      await client.config('SET', 'cluster-node-timeout', '15000', 'cluster-require-full-coverage', 'yes')
      client.disconnect()
    }
    expect(await codes(url)).toEqual(expect.arrayContaining(['valkey-full-coverage', 'valkey-node-timeout']))
    for (const each of cluster.urls) {
      const client = connectTo(each)
      await client.config('SET', 'cluster-node-timeout', '5000', 'cluster-require-full-coverage', 'no')
      client.disconnect()
    }
    expect(await codes(url)).toEqual(['valkey-maxmemory', 'valkey-noeviction'])
  } finally {
    await cluster.stop()
  }
})

it('the primary behind Sentinels is checked, including the settings that a failover needs', async () => {
  const { addresses, name, stop } = await startSentinels()
  try {
    expect(await codes({ sentinels: addresses, name })).toContain('valkey-min-replicas')
  } finally {
    await stop()
  }
})
