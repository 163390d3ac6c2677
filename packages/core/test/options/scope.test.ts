import { AsyncLocalStorage } from 'node:async_hooks'
import { expect, it } from 'vitest'
import { reads } from '../support/item-host.ts'
import { simulatedProcess } from '../support/simulated-process.ts'

const readRow1 = reads.byId(1)

it('two tenants share no entries and no loads', async () => {
  const tenant = new AsyncLocalStorage<string>()
  const { get, cache } = simulatedProcess({ scope: () => tenant.getStore() })
  const as = (name: string) => tenant.run(name, () => get(readRow1))
  const together = await Promise.all([as('a'), as('b')])
  expect(together.map(({ shared }) => shared)).toEqual([undefined, undefined])
  expect((await as('a')).source).toBe('memory')
  expect((await get(readRow1)).reason).toBe('miss')
  expect(cache.stats()).toMatchObject({ misses: 3, hits: 1 })
})

it('a required scope that is undefined refuses the read before it reaches the database', async () => {
  const { get, database, cache } = simulatedProcess({ scope: () => undefined, requireScope: true })
  let ran = false
  const load = async () => {
    ran = true
    return database.read(readRow1.query)
  }
  await expect(get(readRow1, { load })).rejects.toMatchObject({ code: 'LARDER_SCOPE_REQUIRED' })
  expect(ran).toBe(false)
  expect((await get(readRow1, { policy: undefined })).reason).toBe('no-policy')
  expect(cache.stats().reads).toBe(1)
})

it('a scope function that throws sends the read to the database, with a warning', async () => {
  const { get, cache } = simulatedProcess({
    scope: () => {
      throw new Error('no request')
    },
  })
  const codes: string[] = []
  cache.on('warning', ({ code }) => codes.push(code))
  expect(await get(readRow1)).toMatchObject({ reason: 'unavailable', result: { id: 1 } })
  expect(codes).toEqual(['scope-threw'])
})

it('the scope function is called once per cached read and never for a bypassed one', async () => {
  let calls = 0
  const { get } = simulatedProcess({ scope: () => ++calls && 'a' })
  await get(readRow1)
  await get(readRow1)
  await get(readRow1, { policy: undefined })
  expect(calls).toBe(2)
})
