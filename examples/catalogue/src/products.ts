import type { Database } from './database.ts'
import { Prisma } from './generated/client/client.ts'
import { currentRegion } from './region.ts'

const PAGE = 24

/** Everything that a product page shows: ten tables. */
function everything() {
  return {
    brand: { include: { country: true } },
    category: { include: { department: true } },
    supplier: true,
    taxClass: true,
    prices: { where: { region: currentRegion() } },
    images: { orderBy: { position: 'asc' } },
    specifications: { orderBy: { name: 'asc' } },
  } as const satisfies Prisma.ProductInclude
}

export type Product = Prisma.ProductGetPayload<{ include: ReturnType<typeof everything> }>

export interface ProductChange {
  readonly name?: string
  readonly description?: string
  /** The slug of another category. */
  readonly category?: string
  /** In the currency of the request's region, such as `'9.90'`. */
  readonly price?: string
}

export function createProducts(db: Database) {
  return {
    find: async (id: number): Promise<Product | null> =>
      db.product.findUnique({ where: { id }, include: everything() }),

    /** One page of a category, or of all products; `[]` for an unknown category. `after`: the last id of the page before. */
    async list(category: string | undefined, after: number) {
      const found = category && (await db.category.findUnique({ where: { slug: category } }))
      if (found === null) return []
      // By its foreign key rather than by the slug: the list then depends on the products of this category alone, and a
      // change elsewhere leaves it cached.
      return db.product.findMany({
        where: { id: { gt: after }, ...(found && { categoryId: found.id }) },
        orderBy: { id: 'asc' },
        take: PAGE,
        select: {
          id: true,
          name: true,
          brand: { select: { name: true } },
          prices: { where: { region: currentRegion() }, select: { currency: true, amount: true } },
        },
      })
    },

    categories: async () =>
      db.department.findMany({
        orderBy: { name: 'asc' },
        include: {
          categories: { orderBy: { name: 'asc' }, include: { _count: { select: { products: true } } } },
        },
      }),

    /** @returns false if there is no such product, category or price. Nothing is changed then. */
    async change(id: number, { price, category, ...texts }: ProductChange): Promise<boolean> {
      try {
        // No `select`: the whole row comes back. It names the category, so that only the lists of this one are invalidated.
        await db.product.update({
          where: { id },
          data: {
            ...texts,
            ...(category && { category: { connect: { slug: category } } }),
            ...(price && {
              prices: {
                update: {
                  where: { productId_region: { productId: id, region: currentRegion() } },
                  data: { amount: price },
                },
              },
            }),
          },
        })
        return true
      } catch (error) {
        if (error instanceof Prisma.PrismaClientKnownRequestError && NOT_FOUND.has(error.code)) return false
        throw error
      }
    },

    /** Half a minute old at most. */
    views: async (id: number): Promise<number> =>
      (await db.productViews.findUnique({ where: { productId: id } }))?.count ?? 0,
  }
}

/** A row to update, or a row to connect, does not exist. */
const NOT_FOUND = new Set(['P2025', 'P2018'])

export type Products = ReturnType<typeof createProducts>
