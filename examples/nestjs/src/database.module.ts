import { type Cache, createCache } from '@larder/core'
import type { Store } from '@larder/core/store'
import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { openDatabase, PrismaService } from './prisma.service.js'

/** The token of the cache, for what is not in the client: `explain`, `wrap`, `stats`. */
export const CACHE = Symbol('cache')

export interface DatabaseOptions {
  readonly adapter: SqlDriverAdapterFactory
  readonly store: Store
}

/** Provides the client and its cache to all modules, and closes both with the application. */
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(
    @Inject(PrismaService) private readonly prisma: PrismaService,
    @Inject(CACHE) private readonly cache: Cache,
  ) {}

  static register({ adapter, store }: DatabaseOptions): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      providers: [
        { provide: CACHE, useFactory: () => createCache({ namespace: 'nestjs', store }) },
        {
          provide: PrismaService,
          inject: [CACHE],
          useFactory: (cache: Cache) => openDatabase(adapter, cache),
        },
      ],
      exports: [CACHE, PrismaService],
    }
  }

  /** After the last request: the cache is closed last, so that it has seen every write. */
  async onApplicationShutdown(): Promise<void> {
    await this.prisma.$disconnect()
    await this.cache.close()
  }
}
