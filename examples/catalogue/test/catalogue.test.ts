import { createCounter } from '@larder/structures'
import { repeatWhenBusy, until } from '@larder/testing'
import { Redis } from 'iovalkey'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  notRefused,
  WRONG_BODIES,
  WRONG_IDS,
  WRONG_TEXTS,
  withField,
} from '../../../test/support/bad-requests.ts'
import { type Deployment, deploy } from '../../../test/support/deployment.ts'
import { mayBeSplit, outages, type Phase } from '../../../test/support/store-outages.ts'

repeatWhenBusy()

let { services, pool, valkey, stop } = {} as Deployment
beforeAll(async () => {
  ;({ services, pool, valkey, stop } = await deploy('catalogue'))
})
afterAll(() => stop())

interface Product {
  readonly name: string
  readonly prices: readonly { readonly amount: string; readonly currency: string }[]
}

async function get<T>(path: string, { at = 0, region = 'eu' } = {}): Promise<T> {
  const response = await fetch(`${services[at]?.url}${path}`, { headers: { 'x-region': region } })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (response.headers.get('content-type')?.includes('json') ? response.json() : response.text()) as T
}

async function patch(id: number, change: object, { at = 0, region = 'eu' } = {}): Promise<number> {
  const response = await fetch(`${services[at]?.url}/products/${id}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json', 'x-region': region },
    body: JSON.stringify(change),
  })
  return response.status
}

/** Reads that needed the database, of one process. */
const misses = async (at: number): Promise<number> =>
  (await get<{ reads: number; hits: number }>('/stats', { at }).then(({ reads, hits }) => reads - hits)) ?? 0

describe('the catalogue', () => {
  it('a product is the join of ten tables, with the prices of the region', async () => {
    const product = await get<Record<string, unknown>>('/products/7')
    expect(product).toMatchObject({
      sku: 'P-00007',
      brand: { country: { name: expect.any(String) } },
      category: { department: { name: expect.any(String) } },
      supplier: { name: 'Supplier 8' },
      taxClass: { percent: '7' },
      prices: [{ region: 'eu', currency: 'EUR', amount: '11.65' }],
      specifications: [{ name: 'material' }, { name: 'warranty' }, { name: 'weight' }],
    })
    expect(product.images).toHaveLength(3)
    expect(await get<Product>('/products/7', { region: 'us' })).toMatchObject({
      prices: [{ currency: 'USD', amount: '12.58' }],
    })
  })

  it('a change by one process is visible immediately in the product, the lists and the pages of the other', async () => {
    const shown = async () => ({
      product: (await get<Product>('/products/33', { at: 1 })).name,
      list: (await get<Product[]>('/products?category=knives', { at: 1 })).map(({ name }) => name),
      page: await get<string>('/pages/33', { at: 1 }),
      // Product 33 stands in the list below product 17.
      neighbour: await get<string>('/pages/17', { at: 1 }),
    })
    const before = await shown()
    expect(before.list).toContain(before.product)
    expect(await patch(33, { name: 'Bread <knife>' })).toBe(204)
    const after = await shown()
    expect(after.product).toBe('Bread <knife>')
    expect(after.list).toContain('Bread <knife>')
    for (const page of [after.page, after.neighbour]) expect(page).toContain('Bread &lt;knife&gt;')
    expect(before.neighbour).not.toBe(after.neighbour)
  })

  it('a changed category moves the product, and the counts are updated', async () => {
    const count = async (slug: string) => {
      const departments = await get<{ categories: { slug: string; _count: { products: number } }[] }[]>(
        '/categories',
        { at: 1 },
      )
      return departments.flatMap(({ categories }) => categories).find((category) => category.slug === slug)
        ?._count.products
    }
    expect([await count('pans'), await count('tents')]).toEqual([125, 125])
    expect(await patch(16, { category: 'tents' })).toBe(204)
    expect([await count('pans'), await count('tents')]).toEqual([124, 126])
  })

  it('a page is rendered once for each region, and a change in another region keeps it cached', async () => {
    const read = () => get<string>('/pages/100', { at: 1 })
    const euro = await read()
    expect(euro).toContain('€')
    expect(await get<string>('/pages/100', { at: 1, region: 'uk' })).toContain('£')
    await read()
    const before = await misses(1)
    expect(await patch(3, { description: 'Another one.' })).toBe(204)
    expect(await read()).toBe(euro)
    expect(await misses(1)).toBe(before)
  })

  it('views are counted in Valkey and written once per second, each view once, without invalidating products', async () => {
    await get('/products/400')
    const before = await misses(0)
    await Promise.all(Array.from({ length: 30 }, (_, index) => get('/pages/400', { at: index % 2 })))
    // Readers of the count live with half a minute, so this asks the table.
    const counted = async () =>
      (await pool.query('SELECT count FROM product_views WHERE product_id = 400')).rows[0].count
    await until(async () => (await counted()) === 30)
    const { rows } = await pool.query('SELECT count(*)::int AS batches FROM view_batch')
    expect(rows[0].batches).toBeLessThan(10)
    expect(await get('/products/400/views')).toEqual({ views: 30 })
    const [loaded, afterwards] = [await misses(0), await get('/products/400').then(() => misses(0))]
    expect(afterwards).toBe(loaded)
    expect(before).toBeLessThan(loaded)
  })

  it('views committed by a process that then died are skipped, and counting continues', async () => {
    const client = new Redis(`redis://127.0.0.1:${valkey.port}`)
    let died = false
    const dying = createCounter(client, {
      name: 'product-views',
      async flush(_, batch) {
        await pool.query('INSERT INTO view_batch (id) VALUES ($1)', [batch])
        died = true
        throw new Error('died before Valkey knew of the COMMIT')
      },
    })
    // The services take batches as well.
    await until(async () => {
      await dying.add(401)
      await dying.flush().catch(() => {})
      return died
    })
    await get('/pages/402')
    const counted = async () =>
      (await pool.query('SELECT count FROM product_views WHERE product_id = 402')).rows[0].count
    await until(async () => (await counted()) === 1)
    client.disconnect()
  })

  it('invalid requests are refused with a message and change nothing', async () => {
    const before = await get('/products/1')
    const gets = [
      ...WRONG_IDS.flatMap((id) => [`/products/${id}`, `/pages/${id}`, `/products/${id}/views`]),
      ...['/products/999999999', '/pages/999999999', '/nothing'],
      ...['%00', '', `${'x'.repeat(101)}`, 'pans&category=pots'].map((slug) => `/products?category=${slug}`),
      ...['-1', '0.5', '1e3', 'x', '', '2147483648', '1&after=2'].map((after) => `/products?after=${after}`),
    ].map((path) => ({ method: 'GET', path }) as const)
    const changes = [
      ...withField({ name: 'x' }, 'name', [...WRONG_TEXTS, '', 'a\nb']),
      ...withField({ description: 'x' }, 'description', WRONG_TEXTS),
      ...withField({ category: 'pans' }, 'category', [...WRONG_TEXTS, '', 'nowhere']),
      ...['1,50', '-1', '', '1e3', '123456789', '1.005'].map((price) => ({ price })),
      ...withField({ price: '1' }, 'price', WRONG_TEXTS),
      { name: 'x', sku: 'x' },
    ]
    const patches = [
      ...changes.map((body) => ({ path: '/products/1', body })),
      ...WRONG_BODIES.map((raw) => ({ path: '/products/1', raw })),
      ...[...WRONG_IDS, '999999999'].map((id) => ({ path: `/products/${id}`, body: { name: 'x' } })),
    ].map((request) => ({ method: 'PATCH', ...request }) as const)
    expect(await notRefused(services[0].url, [...gets, ...patches])).toEqual([])
    expect(await patch(1, { name: 'x' }, { region: 'mars' })).toBe(400)
    expect(await get('/products/1')).toEqual(before)
  })

  it('an error of the database is not shown to the client', async () => {
    await pool.query('ALTER TABLE image RENAME TO away')
    const response = await fetch(`${services[0].url}/products/500`).finally(() =>
      pool.query('ALTER TABLE away RENAME TO image'),
    )
    expect([response.status, await response.json()]).toEqual([500, { message: 'internal error' }])
    expect(await get('/products/500')).toMatchObject({ sku: 'P-00500' })
  })

  it('every request is answered and no price is outdated while Valkey is paused, killed and restarted', async () => {
    const PRODUCTS = 8
    const FIRST = 200
    let phase: Phase = 'up'
    let running = true
    const failed: string[] = []
    const stale: string[] = []
    const reads: Record<Phase, number> = { up: 0, paused: 0, killed: 0, starting: 0, 'up again': 0 }
    // In cents, and only ever raised. Of each product: what the last PATCH to return has set, by any process and by each.
    const floors = Array.from({ length: PRODUCTS }, () => ({ any: 0, by: [0, 0] }))
    const attempt = async (request: () => Promise<unknown>): Promise<void> => {
      await request().catch((error: unknown) => failed.push(`${phase}: ${error}`))
    }

    const reader = async (at: number): Promise<void> => {
      for (let turn = at; running; turn++)
        await attempt(async () => {
          const index = turn % PRODUCTS
          const began = phase
          const { any, by } = floors[index]!
          // What one process wrote while the server hung, another one may not know: docs/when-things-fail.md.
          const [ownFloor, others] = [by[at]!, any]
          const { prices } = await get<Product>(`/products/${FIRST + index}`, { at })
          const cents = Math.round(Number(prices[0]?.amount) * 100)
          reads[phase]++
          const floor = mayBeSplit(began) || mayBeSplit(phase) ? ownFloor : others
          if (cents < floor) stale.push(`${began}–${phase}: ${cents} < ${floor} at ${at}`)
        })
    }
    const writer = async (): Promise<void> => {
      for (let cents = 100_000; running; cents++)
        await attempt(async () => {
          const at = cents % 2
          const floor = floors[cents % PRODUCTS]!
          const status = await patch(FIRST + (cents % PRODUCTS), { price: (cents / 100).toFixed(2) }, { at })
          if (status !== 204) throw new Error(`PATCH: ${status}`)
          floor.any = cents
          floor.by[at] = cents
        })
    }
    const load = [0, 1, 0, 1].map(reader).concat(writer())
    await outages(
      valkey,
      services,
      (next) => {
        phase = next
      },
      () => Object.values(reads).reduce((sum, count) => sum + count, 0),
    ).finally(() => {
      running = false
    })
    await Promise.all(load)
    expect(failed).toEqual([])
    expect(stale).toEqual([])
    // The start may be over before a read has ended.
    const { starting: _, ...lasting } = reads
    for (const count of Object.values(lasting)) expect(count).toBeGreaterThan(0)

    // The cache is in use again, as soon as the last writes have reached it.
    await until(async () => {
      const before = await misses(0)
      await get('/products/300')
      return (await misses(0)) === before
    })
  })
})
