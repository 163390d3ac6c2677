import { randomUUID } from 'node:crypto'
import { repeatWhenBusy, sized, until } from '@larder/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  notRefused,
  WRONG_BODIES,
  WRONG_COUNTS,
  WRONG_IDS,
  WRONG_NAMES,
  WRONG_TEXTS,
  withField,
} from '../../../test/support/bad-requests.ts'
import { type Deployment, deploy } from '../../../test/support/deployment.ts'
import { mayBeSplit, outages, type Phase } from '../../../test/support/store-outages.ts'

repeatWhenBusy()

let { services, pool, valkey, stop } = {} as Deployment
beforeAll(async () => {
  ;({ services, pool, valkey, stop } = await deploy('inventory'))
})
afterAll(() => stop())

async function post(path: string, body: object, at = 0): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${services[at]?.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
}

async function get<T>(path: string, at = 0): Promise<T> {
  const response = await fetch(`${services[at]?.url}${path}`)
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

const shown = async (sku: string, at = 0): Promise<number> =>
  (await get<{ quantity: number }>(`/stock/${sku}`, at)).quantity
const buy = (sku: string, quantity: number, at = 0, requestId = randomUUID()) =>
  post('/orders', { requestId, customer: 'Ada', lines: [{ sku, quantity }] }, at)
const deliver = (sku: string, quantity: number) => post('/deliveries', { sku, quantity })
const stored = async (sku: string): Promise<number> =>
  (await pool.query('SELECT quantity FROM stock WHERE sku = $1', [sku])).rows[0].quantity
/** How many of a product are with customers, by the orders. */
const sold = async (sku: string): Promise<number> =>
  (
    await pool.query(
      'SELECT coalesce(sum(quantity - returned), 0)::int AS sold FROM order_line WHERE sku = $1',
      [sku],
    )
  ).rows[0].sold
const hits = async (at: number): Promise<number> => (await get<{ hits: number }>('/stats', at)).hits

describe('the inventory', () => {
  it('a sale is visible everywhere immediately, and its row is cached', async () => {
    expect(await shown('P-00001', 1)).toBe(200)
    expect(await buy('P-00001', 3)).toMatchObject({ status: 201, body: { orderId: expect.any(Number) } })
    expect(await shown('P-00001', 1)).toBe(197)
    // The row is stored shortly after the answer. Then a read by the process that never loaded it is a hit.
    expect((await buy('P-00001', 1)).status).toBe(201)
    await until(async () => {
      const before = await hits(1)
      expect(await shown('P-00001', 1)).toBe(196)
      return (await hits(1)) > before
    })
  })

  it('sells all lines of a purchase or none', async () => {
    const lines = [
      { sku: 'P-00002', quantity: 5 },
      { sku: 'P-00003', quantity: 201 },
    ]
    const refused = await post('/orders', { requestId: randomUUID(), customer: 'Ada', lines })
    const short = [{ sku: 'P-00003', left: 200 }]
    expect(refused).toEqual({ status: 409, body: { message: 'not enough in stock', short } })
    expect([await stored('P-00002'), await sold('P-00002')]).toEqual([200, 0])
  })

  it('a purchase that is sent again is sold once, even if both arrive together', async () => {
    const requestId = randomUUID()
    const answers = await Promise.all([0, 1, 0, 1].map((at) => buy('P-00004', 120, at, requestId)))
    const again = await buy('P-00004', 120, 0, requestId)
    const ids = new Set([...answers, again].map(({ body }) => (body as { orderId: number }).orderId))
    expect(ids.size).toBe(1)
    expect(await stored('P-00004')).toBe(80)
  })

  it('a requestId of another purchase is refused, also if both arrive together', async () => {
    const requestId = randomUUID()
    expect((await buy('P-00008', 1, 0, requestId)).status).toBe(201)
    const lines = [{ sku: 'P-00008', quantity: 1 }]
    const others = await Promise.all([
      buy('P-00008', 2, 0, requestId),
      buy('P-00009', 1, 1, requestId),
      post('/orders', { requestId, customer: 'Bob', lines }),
      post('/orders', { requestId, customer: 'Ada', lines: [...lines, { sku: 'P-00009', quantity: 1 }] }),
    ])
    for (const other of others)
      expect(other).toEqual({
        status: 409,
        body: { message: expect.stringMatching(/^this requestId placed an order with another customer/) },
      })
    expect([await stored('P-00008'), await stored('P-00009')]).toEqual([199, 200])

    // Of several that arrive together, one is sold. The others share no row with it that could make them wait.
    for (let round = 0; round < 5; round++) {
      const id = randomUUID()
      const skus = ['P-00010', 'P-00011', 'P-00012', 'P-00013']
      const answers = await Promise.all(skus.map((sku, at) => buy(sku, 1, at % 2, id)))
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409])
    }
  })

  it('invalid requests are refused with a message and change nothing', async () => {
    const line = { sku: 'P-00020', quantity: 1 }
    const order = { requestId: randomUUID(), customer: 'Ada', lines: [line] }
    const lines = [...withField(line, 'sku', WRONG_TEXTS), ...withField(line, 'quantity', WRONG_COUNTS)]
    const orders = [
      ...withField(order, 'requestId', [...WRONG_TEXTS, 'x', `urn:uuid:${order.requestId}`]),
      ...withField(order, 'customer', WRONG_TEXTS),
      ...withField(order, 'lines', [[], {}, line, null, 'x', [[line]], Array(21).fill(line)]),
      ...lines.map((wrong) => ({ ...order, lines: [wrong] })),
      { ...order, lines: [{ sku: 'no such product', quantity: 1 }] },
      { ...order, price: 0 },
    ]
    const posts = (path: string, bodies: readonly object[]) => [
      ...bodies.map((body) => ({ method: 'POST', path, body }) as const),
      ...WRONG_BODIES.map((raw) => ({ method: 'POST', path, raw }) as const),
    ]
    const requests = [
      ...WRONG_NAMES.map((name) => `/stock/${name}`),
      '/stock/unknown',
      ...WRONG_NAMES.map((name) => `/warehouses/${name}`),
      ...['-1', '0.5', '1e9', 'x', '%00', '', '2147483648', '1&below=2'].map((n) => `/low-stock?below=${n}`),
    ].map((path) => ({ method: 'GET', path }) as const)
    expect(
      await notRefused(services[0].url, [
        ...requests,
        ...posts('/orders', orders),
        ...posts('/deliveries', [...lines, { sku: 'no such product', quantity: 1 }]),
        ...posts('/orders/1/returns', lines),
        ...WRONG_IDS.flatMap((id) => posts(`/orders/${id}/returns`, [line])),
        ...posts('/orders/999999999/returns', [line]),
      ]),
    ).toEqual([])
    expect([await stored('P-00020'), await sold('P-00020')]).toEqual([200, 0])
    await pool.query("UPDATE stock SET quantity = 2147483640 WHERE sku = 'P-00021'")
    expect((await deliver('P-00021', 8)).status).toBe(404)
    expect((await deliver('P-00021', 7)).status).toBe(204)
  })

  it('an error of the database is not shown to the client', async () => {
    await pool.query('ALTER TABLE order_line RENAME TO away')
    const answer = await buy('P-00022', 1).finally(() => pool.query('ALTER TABLE away RENAME TO order_line'))
    expect(answer).toEqual({ status: 500, body: { message: 'internal error' } })
    expect((await buy('P-00022', 1)).status).toBe(201)
  })

  it('goods are returned once, and the return is visible immediately', async () => {
    const { body } = await buy('P-00005', 2)
    const path = `/orders/${(body as { orderId: number }).orderId}/returns`
    const answers = await Promise.all([0, 1, 0].map((at) => post(path, { sku: 'P-00005', quantity: 1 }, at)))
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 204, 409])
    expect(await shown('P-00005', 1)).toBe(200)
  })

  it('a delivery written through Prisma is visible immediately to Drizzle, and a Drizzle sale to Prisma', async () => {
    expect(await shown('P-00006', 1)).toBe(200)
    const low = async () => (await get<{ sku: string }[]>('/low-stock?below=5', 1)).map(({ sku }) => sku)
    expect(await low()).not.toContain('P-00006')
    expect((await deliver('P-00006', 50)).status).toBe(204)
    expect(await shown('P-00006', 1)).toBe(250)
    expect((await buy('P-00006', 246)).status).toBe(201)
    expect(await low()).toContain('P-00006')
  })

  it('if Valkey fails between the commit and the cache write, the sale is kept and no old count is shown', async () => {
    // A deferred trigger holds the COMMIT of the service, so that Valkey can be paused exactly then.
    await pool.query(`
      CREATE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER held AFTER UPDATE ON stock DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW WHEN (NEW.sku = 'P-00007') EXECUTE FUNCTION wait_for_test()`)
    const gate = await pool.connect()
    await gate.query('SELECT pg_advisory_lock(4711)')
    expect(await shown('P-00007', 1)).toBe(200)
    const sale = buy('P-00007', 1)
    await until(
      async () =>
        (await gate.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")).rowCount ===
        1,
    )
    valkey.pause()
    try {
      await gate.query('SELECT pg_advisory_unlock(4711)')
      expect(await sale).toMatchObject({ status: 201 })
      expect(await Promise.all([shown('P-00007', 0), shown('P-00007', 1)])).toEqual([199, 199])
    } finally {
      valkey.resume()
      gate.release()
      await pool.query('DROP TRIGGER held ON stock')
    }
    // Its mark was there before the commit: while the invalidation is on its way, readers go to the database.
    for (let turn = 0; turn < 20; turn++) expect(await shown('P-00007', turn % 2)).toBe(199)
  })

  it('every purchase is answered, no item is oversold and no count is outdated while Valkey is paused, killed and restarted', async () => {
    const SKUS = ['P-00101', 'P-00102', 'P-00103']
    await pool.query('UPDATE stock SET quantity = $1 WHERE sku = ANY ($2)', [sized(150, 3_000), SKUS])
    const start = await stored(SKUS[0]!)
    const soldBefore = new Map<string, number>()
    let phase: Phase = 'up'
    let running = true
    const failed: string[] = []
    const stale: string[] = []
    let [orders, returns] = [0, 0]
    const attempt = async (request: () => Promise<unknown>): Promise<void> => {
      await request().catch((error: unknown) => failed.push(`${phase}: ${error}`))
    }
    const buyer = async (at: number): Promise<void> => {
      for (let turn = at; running; turn++)
        await attempt(async () => {
          const sku = SKUS[turn % SKUS.length]!
          const { status, body } = await buy(sku, 1 + (turn % 3), at)
          if (status === 409) return
          if (status !== 201) throw new Error(`order: ${status}`)
          if (++orders % 4 === 0) {
            const path = `/orders/${(body as { orderId: number }).orderId}/returns`
            const answer = await post(path, { sku, quantity: 1 }, at)
            if (answer.status !== 204) throw new Error(`return: ${answer.status}`)
            returns++
          }
        })
    }
    // Only ever sold, so its count only falls: whatever is above what a sale has left is outdated.
    const FALLING = 'P-00104'
    await pool.query('UPDATE stock SET quantity = 1000000 WHERE sku = $1', [FALLING])
    for (const sku of [...SKUS, FALLING]) soldBefore.set(sku, await sold(sku))
    const soldSince = async (sku: string): Promise<number> => (await sold(sku)) - (soldBefore.get(sku) ?? 0)
    const least = { any: 1_000_000, by: [1_000_000, 1_000_000] }
    let turns = 0
    const seller = async (): Promise<void> => {
      for (let turn = 0; running; turn++)
        await attempt(async () => {
          const { status } = await buy(FALLING, 1, turn % 2)
          if (status !== 201) throw new Error(`order: ${status}`)
          least.any--
          least.by[turn % 2] = least.any
        })
    }
    const watcher = async (at: number): Promise<void> => {
      while (running)
        await attempt(async () => {
          const [began, most] = [phase, { any: least.any, own: least.by[at]! }]
          const quantity = await shown(FALLING, at)
          turns++
          const bound = mayBeSplit(began) || mayBeSplit(phase) ? most.own : most.any
          if (quantity > bound) stale.push(`${began}–${phase}: ${quantity} > ${bound} at ${at}`)
        })
    }
    const load = [buyer(0), buyer(1), seller(), watcher(0), watcher(1)]
    await outages(
      valkey,
      services,
      (next) => {
        phase = next
      },
      () => turns,
    ).finally(() => {
      running = false
    })
    await Promise.all(load)
    expect(failed).toEqual([])
    expect(stale).toEqual([])
    for (const sku of SKUS) {
      const remaining = await stored(sku)
      expect(remaining).toBeGreaterThanOrEqual(0)
      expect(remaining).toBe(start - (await soldSince(sku)))
      expect([await shown(sku, 0), await shown(sku, 1)]).toEqual([remaining, remaining])
    }
    expect(await stored(FALLING)).toBe(1_000_000 - (await soldSince(FALLING)))
    for (const count of [orders, returns, turns]) expect(count).toBeGreaterThan(0)
  })

  it('a hundred buyers of the last forty items get exactly forty', async () => {
    await pool.query("UPDATE stock SET quantity = 40 WHERE sku = 'P-00200'")
    const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => buy('P-00200', 1, index % 2)))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(40)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(60)
    expect([await stored('P-00200'), await sold('P-00200'), await shown('P-00200', 1)]).toEqual([0, 40, 0])
  })
})
