import { prisma } from './database'

/** Changed by whoever tries out a hot reload. */
export const VERSION = 0

export const findProduct = (id: number) => prisma.product.findUnique({ where: { id } })

export const setPrice = (id: number, price: number) =>
  prisma.product.update({ where: { id }, data: { price } })
