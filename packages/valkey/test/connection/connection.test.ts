import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { createCache } from '@larder/core'
import {
  type OwnServer,
  repeatWhenBusy,
  skipTest,
  startCluster,
  startSentinels,
  startServer,
  until,
} from '@larder/testing'
import { type ValkeyStore, type ValkeyStoreOptions, valkeyStore } from '@larder/valkey'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'

repeatWhenBusy()

const stores: ValkeyStore[] = []
const make = (options: string | ValkeyStoreOptions): ValkeyStore => {
  const store = valkeyStore(options)
  stores.push(store)
  return store
}
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()))
})

const table = (name: string) => ({
  record: `{larder:${name}}`,
  fields: ['list'],
  cells: [`{larder:${name}}:k=1`],
})

/** Reads, writes and reads again; fails where anything of it is refused. */
async function works(store: ValkeyStore): Promise<void> {
  await store.ping()
  const ask = table('connection')
  await store.seed([ask], 10_000)
  await store.set('larder:e:connection', new Uint8Array([1, 2]), 10_000)
  await store.mark({ ...ask, token: 'w', known: [], lifetime: 10_000 })
  expect((await store.fetch(undefined, [ask])).tags[0]?.fields[0]?.dirty).toBe(true)
  await store.finish({ ...ask, token: 'w', untouched: [], keep: [] })
  const { entry, tags } = await store.fetch('larder:e:connection', [ask])
  expect(entry?.bytes).toEqual(Buffer.from([1, 2]))
  expect(tags[0]?.fields[0]?.dirty).toBe(false)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

/** Of the machine, as the tests' servers are. */
const OPENSSL = 'openssl'

describe('TLS', () => {
  let folder: string
  let server: OwnServer
  let secure: { host: string; port: number }
  const file = (name: string): string => join(folder, name)
  const openssl = (...args: string[]): unknown => execFileSync(OPENSSL, args, { cwd: folder, stdio: 'pipe' })

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'larder-tls-'))
    const request = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    openssl(
      ...request,
      '-x509',
      '-days',
      '2',
      '-subj',
      '/CN=Larder test CA',
      '-keyout',
      'ca.key',
      '-out',
      'ca.crt',
    )
    openssl(...request, '-subj', '/CN=cache.internal', '-keyout', 'server.key', '-out', 'server.csr')
    const sign = ['x509', '-req', '-in', 'server.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial']
    openssl(...sign, '-days', '2', '-out', 'server.crt')
    const port = await freePort()
    // The starter talks plainly to the server's other port.
    const listen = [
      '--tls-port',
      String(port),
      '--tls-ca-cert-file',
      file('ca.crt'),
      '--tls-auth-clients',
      'no',
    ]
    const files = ['--tls-cert-file', file('server.crt'), '--tls-key-file', file('server.key')]
    server = await startServer([...listen, ...files])
    secure = { host: '127.0.0.1', port }
  })
  afterAll(async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const url = (scheme: string): string => `${scheme}://127.0.0.1:${secure.port}`
  const tls = () => ({ ca: readFileSync(file('ca.crt')), servername: 'cache.internal' })

  it.each(['valkeys', 'rediss'])('%s:// works with a private CA', (scheme) =>
    works(make({ url: url(scheme), tls: tls() })),
  )

  it('a self-signed certificate or one for another name is refused with the reason', async () => {
    await expect(make(url('valkeys')).ping()).rejects.toThrow(/self.signed certificate|unable to verify/)
    const other = make({ url: url('valkeys'), tls: { ...tls(), servername: 'other.internal' } })
    await expect(other.ping()).rejects.toThrow(/does not match certificate|altnames/)
  })

  it('a TLS server is not used without TLS, and a plain server is not used with TLS', async () => {
    await expect(make(url('valkey')).ping()).rejects.toThrow(/^valkey at 127.0.0.1/)
    const plain = make({ url: server.url.replace('valkey:', 'valkeys:'), tls: tls() })
    await expect(plain.ping()).rejects.toThrow(/^valkey at 127.0.0.1/)
  })
})

describe('a single server', () => {
  let server: OwnServer
  beforeAll(async () => {
    server = await startServer(['--bind', '127.0.0.1', '-::1'])
  })
  afterAll(() => server.stop())

  it('is reached by an IPv6 address in brackets or by a name that resolves to one', async (context) => {
    const has = Object.values(networkInterfaces()).some((all) =>
      all?.some(({ address }) => address === '::1'),
    )
    if (!has) skipTest(context, 'this machine has no ::1')
    await works(make(`valkey://[::1]:${server.port}/2`))
  })

  it('is used with a database number given as an option', async () => {
    await works(make({ url: server.url, database: 3 }))
    expect(String(await server.call('INFO', 'keyspace'))).toContain('db3:')
  })

  it('a lazy store sends nothing before its first call, and a cache on it works', async () => {
    const clients = async () => String(await server.call('CLIENT', 'LIST')).match(/name=larder/g)?.length ?? 0
    await until(async () => (await clients()) === 0)
    const store = make({ url: server.url, lazyConnect: true })
    const cache = createCache({ store, namespace: 'lazy' })
    expect(await clients()).toBe(0)
    expect((await store.fetch('lazy:e:1', [])).entry).toBeNull()
    expect(await clients()).toBe(1)
    await cache.close()
  })

  it('one store serves caches of one namespace, and refuses another namespace by name', () => {
    const store = make(server.url)
    createCache({ store, namespace: 'shop' })
    createCache({ store, namespace: 'shop' })
    expect(() => createCache({ store, namespace: 'blog' })).toThrow(
      /already used by a cache of the namespace shop.*namespace blog/,
    )
  })

  it('each namespace has its own epoch, even if the cache is created after the connection', async () => {
    const [shop, blog] = [make(server.url), make(server.url)]
    await Promise.all([shop.ping(), blog.ping()])
    const caches = [
      createCache({ store: shop, namespace: 'shop' }),
      createCache({ store: blog, namespace: 'blog' }),
    ]
    const before = await Promise.all(
      [shop, blog].map(async (store) => (await store.fetch(undefined, [])).epoch),
    )
    await caches[0]?.invalidate({ all: true })
    const after = await Promise.all(
      [shop, blog].map(async (store) => (await store.fetch(undefined, [])).epoch),
    )
    expect(after[0]).not.toBe(before[0])
    expect(after[1]).toBe(before[1])
  })

  it('a user without INFO gets one warning and a working store, and every reconnect begins a new incarnation', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const said = vi.spyOn(console, 'warn').mockImplementation(() => {})
    await server.call(
      'ACL',
      'SETUSER',
      'shy',
      'on',
      '>s3cret',
      '~larder:*',
      '~{larder:*',
      '+@all',
      '-info',
      '-config',
    )
    const as = { url: server.url, username: 'shy', password: 's3cret' }
    const [store, other] = [make(as), make(as)]
    await works(store)
    await other.ping()
    const ask = table('shy')
    const seeded = (await store.seed([ask], 60_000)).tags
    // Processes agree on the server's life.
    expect((await other.fetch(undefined, [ask])).tags).toEqual(seeded)
    await server.call('CLIENT', 'KILL', 'USER', 'shy')
    const changed = async (valkeyStore: ValkeyStore): Promise<boolean> => {
      const now = await valkeyStore.fetch(undefined, [ask]).catch(() => undefined)
      return now !== undefined && now.tags[0]?.fields[0]?.nonce !== seeded[0]?.fields[0]?.nonce
    }
    await until(async () => (await changed(store)) && (await changed(other)))
    // And agree again, once each has heard of the last one's coming back.
    await until(async () => {
      const [first, second] = await Promise.all([store, other].map((each) => each.fetch(undefined, [ask])))
      return inspect(first?.tags) === inspect(second?.tags)
    })
    const about = warned.mock.calls.filter(([message]) => String(message).includes('INFO'))
    expect(about.map((call) => call[1])).toEqual([
      { code: 'LARDER_VALKEY_INFO' },
      { code: 'LARDER_VALKEY_INFO' },
    ])
    expect(said).not.toHaveBeenCalled()
  })
})

describe('a Cluster with passwords', () => {
  const PASSWORD = 'cl:uster/s3cret'

  it('receives user and password on every node, and a wrong password is reported and never shown', async () => {
    const cluster = await startCluster({ replicas: 0 })
    try {
      // With the rights that the README lists, and no others.
      const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
      const rules = [...readme.matchAll(/```acl(?:-cluster)?\n(.*?)```/gs)].flatMap(([, text = '']) =>
        text.trim().split(/\s+/),
      )
      expect(rules).toContain('+cluster|slots')
      for (const node of cluster.nodes)
        await node.call('ACL', 'SETUSER', 'app', 'on', `>${PASSWORD}`, ...rules)
      const nodes = cluster.nodes.slice(0, 1).map(({ port }) => ({ host: '127.0.0.1', port }))
      await works(make({ nodes, username: 'app', password: PASSWORD }))
      const lazy = make({ nodes, username: 'app', password: PASSWORD, lazyConnect: true })
      expect((await lazy.fetch('larder:e:none', [table('lazy')])).entry).toBeNull()
      const url = (cluster.urls[0] ?? '').replace('://', `://app:${encodeURIComponent(PASSWORD)}@`)
      await works(make({ nodes: [url] }))
      const wrong = make({ nodes, username: 'app', password: `${PASSWORD}!` })
      const error = await wrong.ping().catch((reason: unknown) => reason)
      expect(String(error)).toMatch(/WRONGPASS/)
      expect(inspect([error, wrong], { depth: 9, showHidden: true })).not.toContain(PASSWORD)
    } finally {
      await cluster.stop()
    }
  })
})

it('Sentinels and their servers have separate users, and a database number applies to the servers', async () => {
  const set = await startSentinels()
  try {
    const grant = (name: string, password: string) => [
      'ACL',
      'SETUSER',
      name,
      'on',
      `>${password}`,
      '~*',
      '+@all',
    ]
    for (const server of set.servers) await server.call(...grant('app', 'server-s3cret'))
    for (const sentinel of set.sentinels) await sentinel.call(...grant('asker', 'sentinel-s3cret'))
    const { addresses: sentinels, name } = set
    const servers = { username: 'app', password: 'server-s3cret', database: 2 }
    const asking = { sentinelUsername: 'asker', sentinelPassword: 'sentinel-s3cret' }
    await works(make({ sentinels, name, ...servers, ...asking }))
    const primary = await set.primary()
    expect(String(await primary.call('INFO', 'keyspace'))).toContain('db2:')
    expect(String(await primary.call('CLIENT', 'LIST'))).toMatch(/name=larder .*user=app/)
    const refusals = [...set.servers, ...set.sentinels].map((each) => each.call('ACL', 'LOG'))
    expect((await Promise.all(refusals)).flat()).toEqual([])
    const wrong = make({ sentinels, name, ...servers, password: 'wrong-s3cret', ...asking })
    const error = await wrong.ping().catch((reason: unknown) => reason)
    expect(String(error)).toMatch(/WRONGPASS/)
    expect(inspect([error, wrong], { depth: 9, showHidden: true })).not.toMatch(/s3cret/)
  } finally {
    await set.stop()
  }
})
