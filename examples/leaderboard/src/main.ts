import { startServers } from '@larder/example-servers'
import { prepareTables } from './prepare-tables.ts'
import * as schema from './schema.ts'
import { createLeaderboardService } from './service.ts'

const { env } = process
const servers = await startServers(env, { needsValkey: true })
await prepareTables(servers)
const app = await createLeaderboardService({
  client: servers.client(),
  db: servers.drizzle(schema),
  store: servers.store(),
  log: true,
  // For tests, in which a day is too long.
  ...(env.WINDOW && { window: Number(env.WINDOW) }),
  ...(env.SLICES && { slices: Number(env.SLICES) }),
  ...(env.ARCHIVE_EVERY && { archiveEvery: Number(env.ARCHIVE_EVERY) }),
})
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, async () => {
    await app.close()
    await servers.stop()
  })
const address = await app.listen({ port: Number(env.PORT ?? 3003) })
console.log(`leaderboard on ${address} (${servers.description}): POST ${address}/scores, then ${address}/top`)
