import { handler, type Request } from './handler.ts'

// One instance of the function: a process that loads the handler once, and answers one request at a time.
process.on('message', async (request: Request) => {
  const response = await handler(request).catch((error: unknown) => ({
    status: 500,
    headers: {},
    body: String(error),
  }))
  process.send?.(response)
})
process.send?.('ready')
