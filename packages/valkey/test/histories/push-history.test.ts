import { FRESH, repeatWhenBusy, sweep } from '@larder/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { GROUP, PRIMARY, UNIQUE } from '../../../core/test/support/item-host.ts'
import { type Observed, type RealHistory, realHistory } from '../support/real-history.ts'
import { connectTo, ownServer, type Server } from '../support/server.ts'

repeatWhenBusy()

const ALL = [PRIMARY, UNIQUE, GROUP]
const NOTHING_WRONG = { stale: [], impossible: [] }
/** What is promised of `push`, from the end of one call to the beginning of another. */
const SLACK = 1_000

let valkey: Server
beforeAll(async () => {
  valkey = await ownServer()
})
afterAll(() => valkey.kill())

const history = (seed: number, more: Partial<RealHistory> = {}): Promise<Observed> =>
  realHistory({
    url: valkey.url,
    namespace: `push-${seed}`,
    seed,
    processes: [ALL, ALL, ALL],
    memory: 'push',
    slack: SLACK,
    pace: 900,
    ...more,
  })

it.each(sweep([1, 2]))(
  'push: own writes are seen immediately, those of others within a second (seed %i)',
  async (seed) => {
    const { hits, ...wrong } = await history(seed)
    expect(wrong, FRESH).toEqual(NOTHING_WRONG)
    expect(hits.memory).toBeGreaterThan(200)
  },
)

it('push: no read is older than a second if processes declare different lookup keys', async () => {
  const { hits, ...wrong } = await history(10, { processes: [ALL, [PRIMARY], [GROUP, UNIQUE], []] })
  expect(wrong, FRESH).toEqual(NOTHING_WRONG)
  expect(hits.memory).toBeGreaterThan(50)
})

it('push: no read is older than a second if feed connections are killed repeatedly', async () => {
  const server = connectTo(valkey.url)
  const disturb = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 400))
    await server.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  }
  const { hits, ...wrong } = await history(20, { disturb })
  server.disconnect()
  expect(wrong, FRESH).toEqual(NOTHING_WRONG)
  expect(hits.memory).toBeGreaterThan(50)
})

it('push: no read is older than a second if single tags or all keys are lost', async () => {
  const server = connectTo(valkey.url)
  let times = 0
  const disturb = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 100))
    if (times++ % 5 === 4) await server.flushall()
    else await server.unlink('{push-30:main:item}', '{push-30:main:note}')
  }
  const { hits, ...wrong } = await history(30, { disturb })
  server.disconnect()
  expect(wrong, FRESH).toEqual(NOTHING_WRONG)
  expect(hits.memory).toBeGreaterThan(50)
})

it('push: no read is older than a second if the server stops for a while', async () => {
  const disturb = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 400))
    valkey.pause()
    await new Promise((resolve) => setTimeout(resolve, 700))
    valkey.resume()
  }
  const { hits, ...wrong } = await history(40, { disturb })
  expect(wrong, FRESH).toEqual(NOTHING_WRONG)
  expect(hits.memory).toBeGreaterThan(50)
})
