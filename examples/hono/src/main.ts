import { serve } from '@hono/node-server'
import { createCache } from '@larder/core'
import { prepare, startServers } from '@larder/example-servers'
import { createApp } from './app.ts'
import { openDatabase } from './database.ts'
import * as schema from './schema.ts'

const servers = await startServers(process.env)
await prepare(servers, 'hono_product', [new URL('../sql/tables.sql', import.meta.url)])
const cache = createCache({ namespace: 'hono', store: servers.store() })
const app = createApp(openDatabase(servers.drizzle(schema), cache), cache)

const server = serve(
  { fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT ?? 3004) },
  ({ port }) => console.log(`hono on http://127.0.0.1:${port} (${servers.description}): try /products/1`),
)
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () =>
    server.close(async () => {
      await cache.close()
      await servers.stop()
    }),
  )
