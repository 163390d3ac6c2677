import { deferred, fakeClock, settled } from '@larder/testing'
import { expect, it, vi } from 'vitest'
import { createSingleFlight } from '../../src/sharing/single-flight.ts'

const PATIENCE = 5_000
const hang = () => new Promise<number>(() => {})

it('runs one load per name, shared by all callers that arrive meanwhile', async () => {
  const flights = createSingleFlight<number>(fakeClock())
  const answer = deferred<number>()
  const load = vi.fn(() => answer.promise)
  const shared = Array.from({ length: 5 }, () => flights.share('a', load, PATIENCE))
  answer.resolve(7)
  expect(await Promise.all(shared)).toEqual([
    { own: 7 },
    { other: 7 },
    { other: 7 },
    { other: 7 },
    { other: 7 },
  ])
  expect(load).toHaveBeenCalledTimes(1)
})

it('a different name is a different load', async () => {
  const flights = createSingleFlight<number>(fakeClock())
  const load = vi.fn(async () => 1)
  const both = [flights.share('a', load, PATIENCE), flights.share('b', load, PATIENCE)]
  expect(await Promise.all(both)).toEqual([{ own: 1 }, { own: 1 }])
})

it('a load that has resolved or rejected is not joined', async () => {
  const flights = createSingleFlight<number>(fakeClock())
  await flights.share('a', async () => 1, PATIENCE)
  const failing = async (): Promise<number> => {
    throw new Error('failed')
  }
  await expect(flights.share('a', failing, PATIENCE)).rejects.toThrow('failed')
  expect(await flights.share('a', async () => 3, PATIENCE)).toEqual({ own: 3 })
})

it('callers that joined a load learn that it failed, but do not get its error', async () => {
  const flights = createSingleFlight<number>(fakeClock())
  const answer = deferred<number>()
  const first = flights.share('a', () => answer.promise, PATIENCE)
  const other = flights.share('a', hang, PATIENCE)
  const failing = expect(first).rejects.toThrow('failed')
  answer.reject(new Error('failed'))
  await failing
  expect(await other).toEqual({ other: undefined })
})

it('if a load hangs, one of its waiters loads again and the others share that load', async () => {
  const clock = fakeClock()
  const flights = createSingleFlight<number>(clock)
  void flights.share('a', hang, PATIENCE)
  const load = vi.fn(async () => 2)
  const waiting = Array.from({ length: 4 }, () => flights.share('a', load, PATIENCE))
  await clock.advance(PATIENCE - 1)
  expect(load).not.toHaveBeenCalled()
  await clock.advance(1)
  expect(await Promise.all(waiting)).toEqual([{ own: 2 }, { other: 2 }, { other: 2 }, { other: 2 }])
  expect(load).toHaveBeenCalledTimes(1)
  expect(clock.pending()).toBe(0)
})

it('a reader does not wait for a load that has hung for longer than the join timeout', async () => {
  const clock = fakeClock()
  const flights = createSingleFlight<number>(clock)
  void flights.share('a', hang, PATIENCE)
  await clock.advance(PATIENCE)
  expect(await flights.share('a', async () => 2, PATIENCE)).toEqual({ own: 2 })
  expect(await flights.share('a', async () => 3, PATIENCE)).toEqual({ own: 3 })
})

it('callers get the result of a slow load that ends while its successor runs', async () => {
  const clock = fakeClock()
  const flights = createSingleFlight<number>(clock)
  const slow = deferred<number>()
  const first = flights.share('a', () => slow.promise, PATIENCE)
  const [second, third] = [flights.share('a', hang, PATIENCE), flights.share('a', hang, PATIENCE)]
  await clock.advance(PATIENCE + 1_000)
  slow.resolve(1)
  expect(await first).toEqual({ own: 1 })
  expect(await third).toEqual({ other: 1 })
  // The second runs a load of its own, as a caller without a cache would.
  let over = false
  void second.then(() => {
    over = true
  })
  await settled()
  expect(over).toBe(false)
})

it('a caller waits for at most six hanging loads and then only for its own', async () => {
  const clock = fakeClock()
  const flights = createSingleFlight<number>(clock)
  const load = vi.fn(hang)
  for (let caller = 0; caller < 6; caller++) void flights.share('a', load, PATIENCE)
  const last = flights.share('a', async () => 7, PATIENCE)
  await clock.advance(6 * PATIENCE - 1)
  expect(load).toHaveBeenCalledTimes(6)
  await clock.advance(1)
  expect(await last).toEqual({ own: 7 })
})
