import { type DynamicModule, Module } from '@nestjs/common'
import { DatabaseModule, type DatabaseOptions } from './database.module.js'
import { ProductsController } from './products.controller.js'
import { ProductsService } from './products.service.js'

@Module({ controllers: [ProductsController], providers: [ProductsService] })
export class AppModule {
  static register(options: DatabaseOptions): DynamicModule {
    return { module: AppModule, imports: [DatabaseModule.register(options)] }
  }
}
