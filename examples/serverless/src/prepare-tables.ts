import { prepare, startServers } from '@larder/example-servers'

/** Creates the table and three products, unless they are there. A deployment of yours runs its migrations instead. */
export async function prepareTables(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const servers = await startServers({ DATABASE_URL: env.DATABASE_URL })
  await prepare(servers, 'serverless_product', [new URL('../sql/tables.sql', import.meta.url)])
  await servers.stop()
}
