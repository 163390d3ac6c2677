import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'

async function warningsFor(...options: readonly object[]): Promise<unknown> {
  const thread = new Worker(new URL('thread.mjs', import.meta.url), { workerData: options, execArgv: [] })
  const [codes] = await once(thread, 'message')
  await thread.terminate()
  return codes
}

it('a memory store in a worker thread warns once', async () => {
  expect(await warningsFor({}, {})).toEqual(['LARDER_WORKER_THREAD'])
})

it('a memory store warns neither in a worker thread that is the only writer nor in a test', async () => {
  expect(await warningsFor({ singleProcess: true }, { isolated: true })).toEqual([])
})
