import { Injectable, NotFoundException } from '@nestjs/common'
import { PrismaService, type Tx } from './prisma.service.js'

/** A helper that works in any transaction, and on the client itself. */
const setPrice = (tx: Tx, id: number, price: number) => tx.product.update({ where: { id }, data: { price } })

@Injectable()
export class ProductsService {
  // Injected by the type: the class PrismaService is the token.
  constructor(private readonly prisma: PrismaService) {}

  all() {
    return this.prisma.product.findMany({ orderBy: { id: 'asc' } })
  }

  async one(id: number) {
    const product = await this.prisma.product.findUnique({ where: { id } })
    if (!product) throw new NotFoundException()
    return product
  }

  reprice(id: number, price: number) {
    return this.prisma.$transaction(async (tx) => setPrice(tx, id, price))
  }
}
