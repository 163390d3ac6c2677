import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { startInstance } from './platform.ts'
import { prepareTables } from './prepare-tables.ts'

const { DATABASE_URL, VALKEY_URL } = process.env
if (!DATABASE_URL || !VALKEY_URL) {
  console.error('Set DATABASE_URL and VALKEY_URL: two instances share nothing else.')
  process.exit(1)
}
await prepareTables(process.env)
const instances = await Promise.all([1, 2].map(() => startInstance({ DATABASE_URL, VALKEY_URL })))

// A request goes to the next instance. Both are frozen, but for the time of a request.
let turn = 0
const server = createServer(async (request, response) => {
  const at = turn++ % instances.length
  const { method = 'GET', url: path = '/' } = request
  const answer = await instances[at]?.invoke({ method, path, body: (await text(request)) || '{}' })
  response
    .writeHead(answer?.status ?? 500, { ...answer?.headers, 'x-instance': String(at) })
    .end(answer?.body)
})
server.listen(Number(process.env.PORT ?? 3005), '127.0.0.1', () => {
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : address
  console.log(`serverless on http://127.0.0.1:${port}: try /products/1 several times`)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, async () => {
    await Promise.all(instances.map((instance) => instance.kill()))
    server.close()
    server.closeAllConnections()
  })
