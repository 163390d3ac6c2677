import { cache } from '../../../lib/database'
import { findProduct, setPrice, VERSION } from '../../../lib/products'

interface Context {
  readonly params: Promise<{ readonly id: string }>
}

const headers = { 'x-version': String(VERSION) }

export async function GET(_request: Request, { params }: Context): Promise<Response> {
  const id = Number((await params).id)
  const { result, reads } = await cache.explain(() => findProduct(id))
  return Response.json(result, {
    status: result ? 200 : 404,
    headers: {
      ...headers,
      'x-larder': reads.map(({ source, reason = '' }) => `${source} ${reason}`.trim()).join(),
    },
  })
}

export async function PATCH(request: Request, { params }: Context): Promise<Response> {
  const { price } = (await request.json()) as { price: number }
  return Response.json(await setPrice(Number((await params).id), price), { headers })
}
