import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import type { Table } from '../../src/host.ts'
import { createCache, memoryStore } from '../../src/index.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const column = { nullable: false, hasDefault: false, generated: false }
const SESSION: Table = {
  name: 'session',
  columns: [{ ...column, name: 'token', type: 'text' }],
  keys: [{ kind: 'unique', columns: ['token'] }],
  foreignKeys: [],
  touches: [],
  reads: [],
}

// A parser of cookies, of addresses or of forms returns parts of the text that it has read, and a part keeps all of that.
it.each([
  ['short enough to be remembered', 20],
  ['too long to be remembered', 600],
])('an argument that is a part of a long text does not keep that text: %s', async (_, padding) => {
  const cache = createCache({ store: memoryStore({ isolated: true, maxBytes: '16mb' }) })
  const engine = cache.attach({
    name: 'sessions',
    schema: { tables: new Map([['session', SESSION]]) },
    database: undefined,
    identity: [],
    types: {},
  })
  const policy = engine.policy({ ttl: '10m' }, 'models.Session')
  const read = (token: string): Promise<unknown> =>
    engine.read({
      operation: 'find',
      model: 'Session',
      policy,
      query: { where: { token } },
      occurrences: [{ table: 'session', pins: { token: [token] }, rows: () => 1 }],
      severalStatements: false,
      run: async () => ({ user: 1 }),
    })
  const used = (): number => {
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = used()
  const [reads, length] = [400, 100_000]
  for (let number = 0; number < reads; number++) {
    const body = `${Buffer.alloc(length, 97).toString('latin1')}session-${number}-${'b'.repeat(padding)}`
    await read(body.slice(length))
  }
  expect(used() - before).toBeLessThan((reads * length) / 4)
  await cache.close()
})
