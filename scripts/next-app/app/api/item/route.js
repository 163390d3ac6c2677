import * as items from '../../../lib/items.mjs'

export const dynamic = 'force-dynamic'

/** The module instance that a request is to use: that of instrumentation, or this route's own. */
const of = (request) =>
  new URL(request.url).searchParams.get('by') === 'instrumentation'
    ? globalThis.itemsOfInstrumentation
    : items

export async function GET(request) {
  return Response.json(await of(request).readItem())
}

export async function POST(request) {
  const { name } = await request.json()
  return Response.json(await of(request).writeItem(name))
}
