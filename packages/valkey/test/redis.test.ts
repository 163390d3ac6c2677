import { setTimeout as wait } from 'node:timers/promises'
import {
  FRESH,
  type OwnServer,
  redisProgram,
  repeatWhenBusy,
  sized,
  startServer,
  storeContract,
  valkeyUrl,
} from '@larder/testing'
import { type ValkeyStore, valkeyStore } from '@larder/valkey'
import type { Redis } from 'iovalkey'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connectTo, until } from './support/server.ts'
import { brief, startLoad } from './support/server-load.ts'
import {
  allHit,
  createPlace,
  join,
  type Member,
  type Mode,
  valuesOf,
  warm,
} from './support/server-members.ts'

repeatWhenBusy()

const program = await redisProgram()
if ('reason' in program) process.stderr.write(`The tests against Redis are skipped: ${program.reason}\n`)

describe.skipIf('reason' in program)('Redis', () => {
  let ownRedis: OwnServer
  let database: Redis
  let server: Redis
  let members: Member[] = []

  beforeAll(async () => {
    if ('program' in program) ownRedis = await startServer(['--maxmemory-policy', 'allkeys-lru'], program)
    database = connectTo(await valkeyUrl())
    server = connectTo(ownRedis.url)
    server.on('error', () => {})
  })
  afterAll(async () => {
    database.disconnect()
    server.disconnect()
    await ownRedis?.stop()
  })
  let place = createPlace(undefined as never)
  beforeEach(() => {
    place = createPlace(database)
  })
  afterEach(async () => {
    await Promise.all(members.splice(0).map(({ cache }) => cache.close()))
    await database.unlink(place.name)
  })

  const open = async (): Promise<ValkeyStore> => {
    const store = valkeyStore(ownRedis.url)
    await store.ping()
    return store
  }
  const joined = async (...modes: readonly Mode[]): Promise<readonly Member[]> => {
    members = await Promise.all(modes.map((mode) => join(place, ownRedis.url, mode)))
    return members
  }

  it('the server under test is Redis', async () => {
    const info = await server.info('server')
    expect(info).toMatch(/^redis_version:\d/m)
    expect(info).not.toContain('valkey_version')
  })

  storeContract('valkeyStore on Redis', open, {
    pass: (ms) => wait(ms),
    extent: sized('short', 'full'),
  })

  it('no read is stale while three caches read and write', async () => {
    const load = startLoad(await joined('off', 'validate', 'push'), [1, 2, 3, 4], { writes: 20 })
    await load.hits(100)
    await load.stop()
    expect(load.rejected).toEqual([])
    expect(brief(load.stale()), FRESH).toEqual([])
  })

  it('a full server still accepts marks and finishes', async () => {
    const both = await joined('validate', 'off')
    await warm(both, '1')
    await server.config('SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1')
    try {
      await expect(server.set('anything', 'x')).rejects.toThrow(/OOM/)
      await both[0]?.write(1, '2')
      expect(await valuesOf(both), FRESH).toEqual(['2', '2'])
    } finally {
      await server.config('SET', 'maxmemory', '0', 'maxmemory-policy', 'allkeys-lru')
    }
    await allHit(both)
    expect(await valuesOf(both), FRESH).toEqual(['2', '2'])
  })

  it('no read is stale after a restart, or after the server lost its scripts', async () => {
    const both = await joined('validate', 'off')
    await warm(both, '1')
    await server.script('FLUSH')
    await both[0]?.write(1, '2')
    expect(await valuesOf(both), FRESH).toEqual(['2', '2'])
    await ownRedis.kill()
    await both[0]?.write(1, '3')
    expect(await valuesOf(both), FRESH).toEqual(['3', '3'])
    await ownRedis.start()
    await until(() => server.ping().then(() => true))
    await allHit(both)
    expect(await valuesOf(both), FRESH).toEqual(['3', '3'])
  })
})
