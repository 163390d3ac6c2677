import { prisma } from '../lib/database'

// The page is rendered for each request. What it reads comes from Larder's cache.
export const dynamic = 'force-dynamic'

export default async function Page() {
  const products = await prisma.product.findMany({ orderBy: { id: 'asc' } })
  return (
    <ul>
      {products.map(({ id, name, price }) => (
        <li key={id}>
          {name}: {price}
        </li>
      ))}
    </ul>
  )
}
