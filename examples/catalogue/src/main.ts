import { startServers } from '@larder/example-servers'
import { prepareTables } from './prepare-tables.ts'
import { createCatalogue } from './service.ts'

const servers = await startServers(process.env)
await prepareTables(servers)
const app = await createCatalogue({
  adapter: servers.adapter(),
  store: servers.store(),
  client: servers.hasValkey ? servers.client() : undefined,
  enabled: process.env.CACHE !== 'off',
  log: true,
})
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, async () => {
    await app.close()
    await servers.stop()
  })
const address = await app.listen({ port: Number(process.env.PORT ?? 3001) })
console.log(
  `catalogue on ${address} (${servers.description}): try ${address}/products/1 and ${address}/pages/1`,
)
