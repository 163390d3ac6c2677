import { deferred } from '@larder/testing'
import { expect, it, vi } from 'vitest'
import { createSingleFlight } from '../../src/flight/single-flight.ts'

it('runs one load per name; whoever asks meanwhile shares it', async () => {
  const flights = createSingleFlight<number>()
  const answer = deferred<number>()
  const load = vi.fn(() => answer.promise)
  const joined = Array.from({ length: 5 }, () => flights.join('a', load))
  expect(joined.map(({ shared }) => shared)).toEqual([false, true, true, true, true])
  answer.resolve(7)
  expect(await Promise.all(joined.map(({ outcome }) => outcome))).toEqual([7, 7, 7, 7, 7])
  expect(load).toHaveBeenCalledTimes(1)
})

it('another name is another load', () => {
  const flights = createSingleFlight<number>()
  const load = vi.fn(async () => 1)
  flights.join('a', load)
  expect(flights.join('b', load).shared).toBe(false)
  expect(load).toHaveBeenCalledTimes(2)
})

it('a load that has ended, well or badly, is not joined', async () => {
  const flights = createSingleFlight<number>()
  await flights.join('a', async () => 1).outcome
  const second = flights.join('a', async () => {
    throw new Error('failed')
  })
  expect(second.shared).toBe(false)
  await expect(second.outcome).rejects.toThrow('failed')
  const third = flights.join('a', async () => 3)
  expect(third.shared).toBe(false)
  expect(await third.outcome).toBe(3)
})
