import { randomBytes } from 'node:crypto'
import { valkeyUrl } from '@larder/testing'
import { Redis } from 'iovalkey'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'

/** A server, and a prefix for the keys of the running test, which are deleted after it. */
export interface TestKeys {
  readonly url: string
  readonly redis: Redis
  readonly prefix: string
}

/** Registers hooks that give each test of a file a prefix of its own. Call it before other hooks: its own run after theirs. */
export function useTestKeys(): TestKeys {
  let url: string
  let redis: Redis
  let prefix: string
  beforeAll(async () => {
    url = await valkeyUrl()
    redis = new Redis(url.replace(/^valkey:/, 'redis:'))
  })
  afterAll(() => redis.disconnect())
  beforeEach(() => {
    prefix = `migration_${randomBytes(4).toString('hex')}`
  })
  afterEach(async () => {
    const keys = await redis.keys(`${prefix}*`)
    if (keys.length) await redis.unlink(...keys)
  })
  return {
    get url() {
      return url
    },
    get redis() {
      return redis
    },
    get prefix() {
      return prefix
    },
  }
}
