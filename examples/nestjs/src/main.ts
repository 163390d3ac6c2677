import 'reflect-metadata'
import { NestFactory } from '@nestjs/core'
import { AppModule } from './app.module.js'
import type { DatabaseOptions } from './database.module.js'

/** Starts the application, and resolves with what closes it. */
export async function start(options: DatabaseOptions, port: number) {
  const app = await NestFactory.create(AppModule.register(options), { logger: ['error', 'warn'] })
  await app.listen(port, '127.0.0.1')
  return { url: await app.getUrl(), close: () => app.close() }
}
