import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { postgresUrl, shareServices } from '../../src/services/shared.ts'

const shared = new URL('../../src/services/shared.ts', import.meta.url).href

it('every process of a test run gets the same PostgreSQL', async () => {
  const script = `import { postgresUrl } from ${JSON.stringify(shared)}; console.log(await postgresUrl())`
  const other = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script])
  expect(other.stdout.trim()).toBe(await postgresUrl())
})

it('sharing again inside a run starts no second coordinator and stops nothing', async () => {
  const before = process.env.LARDER_TEST_SERVICES
  const url = await postgresUrl()
  const stop = await shareServices()
  expect(process.env.LARDER_TEST_SERVICES).toBe(before)
  await stop()
  expect(await postgresUrl()).toBe(url)
})
