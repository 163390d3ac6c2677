import { startServers } from '@larder/example-servers'
import { prepareTables } from './prepare-tables.ts'
import * as schema from './schema.ts'
import { createInventory } from './service.ts'

const servers = await startServers(process.env)
await prepareTables(servers)
const app = await createInventory({
  db: servers.drizzle(schema),
  adapter: servers.adapter(),
  store: servers.store(),
  enabled: process.env.CACHE !== 'off',
  log: true,
})
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, async () => {
    await app.close()
    await servers.stop()
  })
const address = await app.listen({ port: Number(process.env.PORT ?? 3002) })
console.log(`inventory on ${address} (${servers.description}): try ${address}/stock/P-00001`)
