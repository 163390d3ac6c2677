import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  createDatabase,
  type Database,
  postgresUrl,
  startServer,
  sweep,
  testSize,
  valkeyUrl,
} from '@larder/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ServiceProcess, startService } from '../support/service-process.ts'

// The examples of frameworks answer the same requests. Each is started as its README says.

/** What Node is started with, where it is not `src/main.ts` from the sources of our packages. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  // Compiled to CommonJS, against the built packages.
  nestjs: ['scripts/start.mjs', 'examples/nestjs/start.mjs'],
}
/** Instances that answer in turn, each with a memory of its own. */
const INSTANCES: Readonly<Record<string, number>> = { serverless: 2 }

describe.each(sweep(['hono', 'serverless', 'nestjs']))('%s', (name) => {
  const instances = INSTANCES[name] ?? 1
  let database: Database
  let service: ServiceProcess

  beforeAll(async () => {
    database = await createDatabase(await postgresUrl())
    const env = { DATABASE_URL: database.url, ...(instances > 1 && { VALKEY_URL: await valkeyUrl() }) }
    service = await startService(name, env, PROGRAMS[name])
  })
  afterAll(async () => {
    await service.stop()
    await database.drop()
  })

  async function read() {
    const response = await fetch(`${service.url}/products/1`)
    const { price } = (await response.json()) as { price: number }
    return { price, source: response.headers.get('x-larder') ?? '' }
  }

  async function reprice(price: number): Promise<void> {
    const body = JSON.stringify({ price })
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${service.url}/products/1`, { method: 'PATCH', headers, body })
    expect(await response.json()).toMatchObject({ id: 1, price })
  }

  it('reads are cached, and a write shows at once in every instance', async () => {
    // A frozen instance may hold back the entry that it has loaded: the first reads of the others are misses as well.
    for (let reads = 0; reads < 2 * instances; reads++) await read()
    for (let turn = 1; turn <= 6; turn++) {
      // An odd number of requests a turn: each instance writes, and each reads first after a write of another.
      expect((await read()).source).toMatch(/^(?:memory|store)/)
      await reprice(turn)
      const [first, second, third] = [await read(), await read(), await read()]
      expect([first.price, second.price, third.price]).toEqual([turn, turn, turn])
      expect(third.source).toMatch(/^(?:memory|store)/)
      // A frozen writer would leave its mark, and every read would bypass the cache: the write was finished before.
      expect(first.source).not.toContain('dirty')
    }
  })
})

// It installs Next.js, which a short run has no time for.
if (testSize === 'long') {
  it('hot reloads of Next.js leave no connection behind, and nothing is stale', {
    timeout: 600_000,
  }, async () => {
    const [database, valkey] = await Promise.all([postgresUrl().then(createDatabase), startServer()])
    const script = fileURLToPath(new URL('../../scripts/next-dev.mjs', import.meta.url))
    const env = { ...process.env, DATABASE_URL: database.url, VALKEY_URL: valkey.url }
    const { stdout } = await promisify(execFile)(process.execPath, [script, '--check'], { env })
    expect(stdout).toContain('5 reloads')
    await valkey.stop()
    await database.drop()
  })
}
