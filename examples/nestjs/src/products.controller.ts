import type { Cache } from '@larder/core'
import { Body, Controller, Get, Inject, Param, ParseIntPipe, Patch, Res } from '@nestjs/common'
import { CACHE } from './database.module.js'
import { ProductsService } from './products.service.js'

interface Reply {
  setHeader(name: string, value: string): void
}

@Controller('products')
export class ProductsController {
  constructor(
    private readonly products: ProductsService,
    @Inject(CACHE) private readonly cache: Cache,
  ) {}

  @Get()
  all() {
    return this.products.all()
  }

  /** Says where its read came from: for people who try this out, not for production. */
  @Get(':id')
  async one(@Param('id', ParseIntPipe) id: number, @Res({ passthrough: true }) reply: Reply) {
    const { result, reads } = await this.cache.explain(() => this.products.one(id))
    reply.setHeader('x-larder', reads.map(({ source }) => source).join())
    return result
  }

  @Patch(':id')
  reprice(@Param('id', ParseIntPipe) id: number, @Body('price', ParseIntPipe) price: number) {
    return this.products.reprice(id, price)
  }
}
