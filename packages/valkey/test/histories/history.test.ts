import { FRESH, repeatWhenBusy, valkeyUrl } from '@larder/testing'
import { expect, it } from 'vitest'
import { GROUP, PRIMARY, UNIQUE } from '../../../core/test/support/item-host.ts'
import { type RealHistory, realHistory } from '../support/real-history.ts'
import { connectTo } from '../support/server.ts'

repeatWhenBusy()

const ALL = [PRIMARY, UNIQUE, GROUP]
const NOTHING_WRONG = { stale: [], impossible: [] }

const history = async (
  seed: number,
  processes: RealHistory['processes'],
  more: Pick<RealHistory, 'memory' | 'disturb'>,
): ReturnType<typeof realHistory> =>
  realHistory({
    url: await valkeyUrl(),
    namespace: `history-${process.pid}-${seed}`,
    seed,
    processes,
    ...more,
  })

it.each([
  { seed: 1, memory: 'off' },
  { seed: 2, memory: 'off' },
  { seed: 3, memory: 'validate' },
  { seed: 4, memory: 'validate' },
] as const)(
  'no read of two processes is stale or impossible over a real server (memory $memory, seed $seed)',
  async ({ seed, memory }) => {
    const { hits, ...wrong } = await history(seed, [ALL, ALL], { memory })
    expect(wrong, FRESH).toEqual(NOTHING_WRONG)
    expect(hits.store + hits.memory).toBeGreaterThan(50)
    expect(hits.memory > 0).toBe(memory === 'validate')
  },
)

it('no read is stale if processes declare different lookup keys', async () => {
  const { hits, ...wrong } = await history(10, [ALL, [PRIMARY], [GROUP, UNIQUE], []], { memory: 'validate' })
  expect(wrong, FRESH).toEqual(NOTHING_WRONG)
  expect(hits.store + hits.memory).toBeGreaterThan(20)
})

it('no read is stale if the server loses its scripts and single tags repeatedly', async () => {
  const server = connectTo(await valkeyUrl())
  const disturb = async (): Promise<void> => {
    await server.script('FLUSH')
    // What eviction does, to a record and a few cells.
    await server.unlink(`{history-${process.pid}-20:main:item}`, `{history-${process.pid}-20:main:note}`)
  }
  const { hits, ...wrong } = await history(20, [ALL, ALL], { memory: 'validate', disturb })
  server.disconnect()
  expect(wrong, FRESH).toEqual(NOTHING_WRONG)
  expect(hits.store + hits.memory).toBeGreaterThan(20)
})
