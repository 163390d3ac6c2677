import { fakeClock, faultyStore, forgetfulClock, settled } from '@larder/testing'
import { expect, it } from 'vitest'
import { createRenewals } from '../../src/marks/renewals.ts'
import { reads, writes } from '../support/item-host.ts'
import { simulatedProcess } from '../support/simulated-process.ts'

function renewing() {
  const clock = fakeClock()
  const renewals = createRenewals({ source: 'store' }, clock)
  const renewed: string[] = []
  const marks = (name: string) => ({ renew: () => void renewed.push(name) })
  return { clock, renewals, renewed, marks }
}

it('all marks share one timer, and each is renewed every ten seconds', async () => {
  const { clock, renewals, renewed, marks } = renewing()
  renewals.add(marks('a'))
  await clock.advance(4_000)
  renewals.add(marks('b'))
  expect(clock.pending()).toBe(1)
  await clock.advance(6_000)
  expect(renewed).toEqual(['a'])
  await clock.advance(4_000)
  expect(renewed).toEqual(['a', 'b'])
  await clock.advance(10_000)
  expect(renewed).toEqual(['a', 'b', 'a', 'b'])
  expect(clock.pending()).toBe(1)
})

it('marks that are removed are not renewed, and the timer ends with the last of them', async () => {
  const { clock, renewals, renewed, marks } = renewing()
  const [first, second] = [marks('a'), marks('b')]
  renewals.add(first)
  renewals.add(second)
  renewals.remove(first)
  await clock.advance(10_000)
  expect(renewed).toEqual(['b'])
  renewals.remove(second)
  await clock.advance(60_000)
  expect(renewed).toEqual(['b'])
  expect(clock.pending()).toBe(0)
  renewals.add(first)
  await clock.advance(10_000)
  expect(renewed).toEqual(['b', 'a'])
})

it('marks are renewed again after a test has taken the timer away', async () => {
  const clock = forgetfulClock()
  const renewals = createRenewals({ source: 'store' }, clock)
  const renewed: string[] = []
  const marks = (name: string) => ({ renew: () => void renewed.push(name) })
  clock.losesTimers = true
  renewals.add(marks('before'))
  clock.losesTimers = false
  await clock.advance(15_000)
  expect(renewed).toEqual([])
  renewals.add(marks('after'))
  await clock.advance(10_000)
  expect(renewed).toEqual(['before', 'after', 'before'])
  expect(clock.pending()).toBe(1)
})

it('marks of a store in this process are not renewed, because they have no deadline', () => {
  const clock = fakeClock()
  createRenewals({ source: 'memory' }, clock).add({ renew: () => {} })
  expect(clock.pending()).toBe(0)
})

it('a hundred writes set no more timers than one', async () => {
  let timers = 0
  const { put, clock } = simulatedProcess({ wrapStore: (store) => faultyStore(store) })
  const { after } = clock
  Object.assign(clock, {
    after(...call: Parameters<typeof after>) {
      timers++
      return after(...call)
    },
  })
  await put(writes.touch(1))
  await settled()
  const first = timers
  for (let write = 0; write < 100; write++) await put(writes.touch(1))
  await settled()
  expect(timers).toBe(first)
})

it('a store that throws instead of rejecting does not fail a write', async () => {
  const { put, get } = simulatedProcess({
    wrapStore: (store) => ({
      ...store,
      source: 'store',
      mark() {
        throw new Error('thrown')
      },
      finish() {
        throw new Error('thrown')
      },
    }),
  })
  await put(writes.touch(1))
  expect((await get(reads.byId(1))).result?.v).toBe(1_001)
})
