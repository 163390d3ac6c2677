import { randomUUID } from 'node:crypto'
import type { Pool } from 'undici'
import type { Floors } from './floors.ts'
import type { Meter } from './measure.ts'
import type { Operation } from './workload.ts'

/** Connections to the two services of the shop. */
export interface Shop {
  readonly catalogue: Pool
  readonly inventory: Pool
}

interface Answer {
  readonly status: number
  readonly text: string
}

/** Sends one request and checks its answer. */
export async function perform(operation: Operation, shop: Shop, floors: Floors, meter: Meter): Promise<void> {
  try {
    if (operation.kind === 'price') await raisePrice(operation.id, shop, floors, meter)
    else if (operation.kind === 'order') await order(operation, shop, floors, meter)
    else await read(operation, shop, floors, meter)
  } catch {
    meter.failed()
  }
}

async function read(
  operation: Exclude<Operation, { kind: 'price' | 'order' }>,
  { catalogue, inventory }: Shop,
  floors: Floors,
  meter: Meter,
): Promise<void> {
  const start = performance.now()
  const timed = (text: string, isFresh: (text: string) => boolean): void =>
    meter.read(performance.now() - start, isFresh(text))
  switch (operation.kind) {
    case 'product': {
      const floor = floors.priceOf(operation.id)
      timed(await get(catalogue, `/products/${operation.id}`), (text) => centsOfProduct(text) >= floor)
      break
    }
    case 'page': {
      const floor = floors.priceOf(operation.id)
      timed(await get(catalogue, `/pages/${operation.id}`), (text) => centsOfPage(text) >= floor)
      break
    }
    case 'list':
      timed(await get(catalogue, `/products?category=${operation.category}`), () => true)
      break
    case 'stock': {
      const most = floors.leftOf(operation.sku)
      timed(await get(inventory, `/stock/${operation.sku}`), (text) => quantityOf(text) <= most)
      break
    }
  }
}

async function raisePrice(id: number, { catalogue }: Shop, floors: Floors, meter: Meter): Promise<void> {
  const cents = floors.nextPrice(id)
  const { status } = await send(catalogue, 'PATCH', `/products/${id}`, { price: (cents / 100).toFixed(2) })
  if (status !== 204) throw new Error(`price: ${status}`)
  floors.priced(id, cents)
  meter.wrote()
}

async function order(
  { sku, quantity }: { readonly sku: string; readonly quantity: number },
  { inventory }: Shop,
  floors: Floors,
  meter: Meter,
): Promise<void> {
  const purchase = { requestId: randomUUID(), customer: 'Ada', lines: [{ sku, quantity }] }
  const { status } = await send(inventory, 'POST', '/orders', purchase)
  // 409: there are too few. That is an answer.
  if (status !== 201 && status !== 409) throw new Error(`order: ${status}`)
  if (status === 201) floors.sold(sku, quantity)
  meter.wrote()
}

async function get(pool: Pool, path: string): Promise<string> {
  const { statusCode, body } = await pool.request({ method: 'GET', path })
  const text = await body.text()
  if (statusCode !== 200) throw new Error(`${path}: ${statusCode}`)
  return text
}

async function send(pool: Pool, method: 'PATCH' | 'POST', path: string, content: object): Promise<Answer> {
  const { statusCode, body } = await pool.request({
    method,
    path,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(content),
  })
  return { status: statusCode, text: await body.text() }
}

function centsOfProduct(text: string): number {
  const { prices } = JSON.parse(text) as { prices: { amount: string }[] }
  return Math.round(Number(prices[0]?.amount) * 100)
}

/** `1.234,56 €`: all of its digits. */
const centsOfPage = (text: string): number => Number(/<strong>([^<]+)</.exec(text)?.[1]?.replace(/\D/g, ''))

const quantityOf = (text: string): number => (JSON.parse(text) as { quantity: number }).quantity
