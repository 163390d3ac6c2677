import { createCache, memoryStore } from '@larder/core'
import type { Store } from '@larder/core/store'
import { fakeClock, faultyStore, settled } from '@larder/testing'
import { afterEach, beforeEach, expect, it, type MockInstance, vi } from 'vitest'

let warned: MockInstance<typeof process.emitWarning>
beforeEach(() => {
  warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
})
afterEach(() => warned.mockRestore())

const warnings = () =>
  warned.mock.calls.map(([message, options]) => [(options as { code: string }).code, String(message)])

function outage() {
  const clock = fakeClock()
  const faulty = faultyStore(memoryStore({ clock }))
  const store: Store = { ...faulty, address: 'valkey at 10.0.0.7:6379' }
  const cache = createCache({ store, memory: { mode: 'off' } }, { clock })
  const read = () => cache.wrap('a', { ttl: '1s' }, async () => 1)
  const fail = async () => {
    faulty.fail('rejects')
    await clock.advance(200)
    for (let time = 0; time < 5; time++) await read()
  }
  const recover = async () => {
    faulty.fail('works')
    await clock.advance(1_000)
    await settled()
  }
  return { cache, clock, fail, recover }
}

it('without listeners, the loss and the return of a store are process warnings', async () => {
  const { fail, recover } = outage()
  await fail()
  expect(warnings()).toEqual([
    [
      'LARDER_STORE_UNAVAILABLE',
      expect.stringMatching(/valkey at 10\.0\.0\.7:6379.*simulated: fetch failed/),
    ],
  ])
  await recover()
  expect(warnings().slice(1)).toEqual([
    ['LARDER_STORE_READY', expect.stringContaining('valkey at 10.0.0.7:6379')],
  ])
})

it.each(['store-state', 'store-error'] as const)(
  'a listener of %s replaces the process warnings',
  async (event) => {
    const { cache, fail, recover } = outage()
    cache.on(event, () => {})
    await fail()
    await recover()
    expect(warnings()).toEqual([])
  },
)

it('a flapping store is announced at most once a minute', async () => {
  const { clock, fail, recover } = outage()
  for (let time = 0; time < 5; time++) {
    await fail()
    await recover()
  }
  expect(warnings()).toHaveLength(2)
  await clock.advance(60_000)
  await fail()
  expect(warnings()).toHaveLength(3)
})
