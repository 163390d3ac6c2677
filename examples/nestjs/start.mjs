// Generates the client, compiles the application to CommonJS, and starts it over the servers of the other examples.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { prepare, startServers } from '@larder/example-servers'

const root = fileURLToPath(new URL('../..', import.meta.url))
const at = (path) => fileURLToPath(new URL(path, import.meta.url))
const run = (...parameters) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, parameters, { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${parameters.join(' ')} failed\n${stdout}${stderr}`)
}

run('scripts/offline.mjs', 'prisma', 'generate', '--schema', at('db/schema.prisma'))
run('node_modules/typescript/bin/tsc', '-p', at('.'))

const servers = await startServers(process.env)
await prepare(servers, 'nestjs_product', [new URL('db/tables.sql', import.meta.url)])
const { start } = createRequire(import.meta.url)('./dist/main.js')
const options = { adapter: servers.adapter(), store: servers.store() }
const { url, close } = await start(options, Number(process.env.PORT ?? 3006))
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, async () => {
    await close()
    await servers.stop()
  })
console.log(`nestjs on ${url} (${servers.description}): try /products/1`)
