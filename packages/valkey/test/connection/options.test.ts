import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { CacheError } from '@larder/core'
import { repeatWhenBusy } from '@larder/testing'
import { type ValkeyStoreOptions, valkeyStore } from '@larder/valkey'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { parseUrl } from '../../src/connection/url.ts'
import { connectTo, ownServer, type Server } from '../support/server.ts'

repeatWhenBusy()

const PASSWORD = 'p@ss/wörd#1'
let guarded: Server

beforeAll(async () => {
  guarded = await ownServer(['--requirepass', PASSWORD])
})
afterAll(() => guarded.kill())

function errorOf(run: () => unknown): CacheError {
  try {
    run()
  } catch (error) {
    if (error instanceof CacheError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const parsed = { port: 6379, secure: false, database: 0, family: 0 }
it.each([
  ['valkey://h', { ...parsed, host: 'h' }],
  ['redis://h:7000/3', { ...parsed, host: 'h', port: 7000, database: 3 }],
  ['rediss://[::1]:7000', { ...parsed, host: '::1', port: 7000, secure: true }],
  ['valkeys://u:a%2Fb%40c@h/', { ...parsed, host: 'h', secure: true, username: 'u', password: 'a/b@c' }],
  ['redis://us%3Aer:p%C3%A4%23@h', { ...parsed, host: 'h', username: 'us:er', password: 'pä#' }],
  ['valkey://:only@h', { ...parsed, host: 'h', password: 'only' }],
  [
    'redis://default:x@cache.railway.internal:6379?family=0',
    { ...parsed, host: 'cache.railway.internal', username: 'default', password: 'x' },
  ],
  ['rediss://h/2?family=6', { ...parsed, host: 'h', secure: true, database: 2, family: 6 }],
  ['valkey://h?family=4', { ...parsed, host: 'h', family: 4 }],
])('%s is parsed', (url, address) => {
  expect(parseUrl(url)).toEqual(address)
})

it.each([
  'http://user:s3cret@h',
  'redis://user:s3cret/x@h',
  'redis://user:s3cret@h:99999',
  'redis://user:s3cret@h/one',
  'redis://user:s3cret@h?enableOfflineQueue=true',
  'redis://user:s3cret@h?family=5',
  'redis://user:s3cret@h?family=0&family=4',
  'redis://user:s3cret@h#x',
  // A password with a question mark that is not encoded.
  'redis://user:1?s3cret@h',
  'redis://user:s3cret%@h',
  'redis://user:s3cret@',
  'user:s3cret@h',
  '',
])('%s is refused with the correct form and without a secret', (url) => {
  const error = errorOf(() => valkeyStore(url))
  expect(error.code).toBe('LARDER_CONFIG')
  expect(error.message).toContain('valkey://[user:password@]host')
  expect(inspect(error, { depth: 9 }).replace(/^.*options\.test.*$/gm, '')).not.toContain('s3cret')
})

it.each(['cluster', 'memory', 'compression', 'namespace'])(
  'an option in the wrong place is refused with its correct place: %s',
  (name) => {
    const error = errorOf(() => valkeyStore({ url: 'valkey://h', [name]: [] } as ValkeyStoreOptions))
    expect(error.code).toBe('LARDER_CONFIG')
    expect(error.message).toMatch(/: (give|it is an option of createCache)/)
  },
)

it.each([
  [{}, 'exactly one of url, client'],
  [{ url: 'valkey://h', client: {} }, 'exactly one of url, client'],
  [{ url: 'valkey://h', retries: 3 }, 'valkeyStore.retries is not an option'],
  [{ url: 'valkey://h', tls: {} }, 'needs a valkeys:// url'],
  [{ url: 'valkey://h', connectTimeout: 0 }, 'connectTimeout'],
  [{ url: 'valkey://h', password: 5 }, 'password'],
  [{ client: {} }, 'is not a client that is accepted: iovalkey'],
  [{ client: { isCluster: true } }, 'is not a client that is accepted: iovalkey'],
  [{ nodes: [] }, 'valkeyStore.nodes: give a list'],
  [{ nodes: ['valkey://h/1'] }, 'a Cluster has only database 0'],
  [{ nodes: ['valkey://h', 'valkeys://h'] }, 'some URLs use TLS'],
  [{ nodes: ['valkey://h?family=4', 'valkey://g?family=6'] }, 'the URLs have different families'],
  [{ nodes: [{ host: '', port: 1 }] }, 'an address is a URL or { host, port }'],
  [{ nodes: ['valkey://h'], sentinels: ['valkey://h'] }, 'takes exactly one of'],
  [{ nodes: ['valkey://h'], name: 'x' }, 'valkeyStore.name cannot be combined with nodes'],
  [{ sentinels: ['valkey://h'] }, 'valkeyStore.sentinels needs name'],
  [{ url: 'valkey://h', natMap: {} }, 'valkeyStore.natMap cannot be combined with url'],
  [{ client: {}, password: 'x' }, 'valkeyStore.password has no effect'],
])('%o is refused: %s', (options, message) => {
  expect(errorOf(() => valkeyStore(options as ValkeyStoreOptions)).message).toContain(message)
})

it('family decides whether the address is IPv4 or IPv6', async () => {
  const both = guarded.url.replace('127.0.0.1', `:${encodeURIComponent(PASSWORD)}@localhost`)
  // The server listens on IPv4 only.
  for (const [family, outcome] of [
    [0, 'usable'],
    [4, 'usable'],
    [6, 'unusable'],
  ] as const) {
    const store = valkeyStore(`${both}?family=${family}`)
    const pinged = store.ping().then(
      () => 'usable',
      () => 'unusable',
    )
    expect(await pinged, String(family)).toBe(outcome)
    await store.close()
  }
})

it('the right password opens the store, in the URL or as an option', async () => {
  const inUrl = guarded.url.replace('://', `://:${encodeURIComponent(PASSWORD)}@`)
  for (const options of [inUrl, { url: guarded.url, password: PASSWORD }]) {
    const store = valkeyStore(options)
    await store.ping()
    expect((await store.fetch(undefined, [])).tags).toEqual([])
    await store.close()
  }
})

it('a wrong password is reported and never appears in an error', async () => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => {})
  const store = valkeyStore({ url: guarded.url, username: 'default', password: `${PASSWORD}wrong` })
  const errors: unknown[] = []
  for (const call of [
    () => store.ping(),
    () => store.fetch('e', []),
    () => store.set('e', new Uint8Array(1), 1_000),
    () => store.mark({ record: '{r}', token: 't', fields: ['list'], known: [], cells: [], lifetime: 1 }),
    () => store.invalidateAll(),
  ])
    await call().catch((error: unknown) => errors.push(error))
  await store.close()
  expect(errors).toHaveLength(5)
  for (const error of errors) {
    expect(error).toBeInstanceOf(CacheError)
    expect(error).toMatchObject({ code: 'LARDER_STORE' })
    expect((error as Error).message).toMatch(/WRONGPASS/)
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(PASSWORD)
  }
  expect(said).not.toHaveBeenCalled()
  expect(inspect(store, { depth: 9, showHidden: true })).not.toContain(PASSWORD)
})

it('a database that does not exist is an error, and database 0 is not used instead', async () => {
  const store = valkeyStore({ url: `${guarded.url}/900`, password: PASSWORD })
  await expect(store.ping()).rejects.toThrow(/DB index is out of range/)
  await expect(store.fetch(undefined, [])).rejects.toThrow(/DB index is out of range/)
  await store.close()
})

it('a user with the permissions from the README can use every feature', async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const rules = /```acl\n(.*?)```/s.exec(readme)?.[1]?.trim().split(/\s+/) ?? []
  const server = connectTo(guarded.url.replace('://', `://:${encodeURIComponent(PASSWORD)}@`))
  await server.acl('SETUSER', 'app', 'on', '>s3cret', ...rules)
  const store = valkeyStore({ url: `${guarded.url}/1`, username: 'app', password: 's3cret' })
  await store.ping()
  const record = '{larder:main:t}'
  const [fields, cells] = [['list'], [`${record}:k=1`]]
  await store.seed([{ record, fields, cells }], 10_000)
  await store.mark({ record, token: 'w', fields, known: [], cells, lifetime: 10_000 })
  await store.finish({ record, token: 'w', untouched: [], keep: [], cells })
  await store.set('larder:e:1', new Uint8Array([1]), 10_000)
  await store.invalidateAll()
  const seeded = await store.seed([{ record, fields, cells }], 20_000)
  const fetched = await store.fetch('larder:e:1', [{ record, fields, cells }])
  expect(fetched.tags).toEqual(seeded.tags)
  expect(fetched.entry).not.toBeNull()
  await expect(store.fetch('other:e:1', [])).rejects.toThrow(/NOPERM|No permissions/)
  await store.close()
  server.disconnect()
})

it('databases of one server are isolated from each other', async () => {
  const [database0, database1] = [0, 1].map((number) =>
    valkeyStore({ url: `${guarded.url}/${number}`, password: PASSWORD }),
  )
  await Promise.all([database0!.ping(), database1!.ping()])
  await database0!.set('options:e', new Uint8Array([1]), 10_000)
  expect((await database0!.fetch('options:e', [])).entry).not.toBeNull()
  expect((await database1!.fetch('options:e', [])).entry).toBeNull()
  await Promise.all([database0!.close(), database1!.close()])
})

it('a closed port is reported with address and reason within one attempt', async () => {
  const stoppedServer = await ownServer()
  await stoppedServer.kill()
  const store = valkeyStore(stoppedServer.url)
  await expect(store.ping()).rejects.toThrow(
    `valkey at 127.0.0.1:${stoppedServer.port}: connect ECONNREFUSED`,
  )
  await expect(store.fetch(undefined, [])).rejects.toThrow(/ECONNREFUSED/)
  await store.close()
})

it('a closed store rejects with that reason, and closing it twice is harmless', async () => {
  const store = valkeyStore({ url: guarded.url, password: PASSWORD })
  await store.ping()
  await store.close()
  await store.close()
  await expect(store.fetch(undefined, [])).rejects.toThrow('the store is closed')
  await expect(store.ping()).rejects.toThrow('the store is closed')
})
