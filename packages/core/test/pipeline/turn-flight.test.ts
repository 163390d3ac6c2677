import { fakeClock } from '@larder/testing'
import { expect, it, vi } from 'vitest'
import { createTurnFlight } from '../../src/pipeline/turn-flight.ts'

const PATIENCE = 5_000
const hang = () => new Promise<number>(() => {})

it('callers of one turn share one load, which is told how many wait for it', async () => {
  const turns = createTurnFlight<number>(fakeClock())
  const load = vi.fn(async (others: number) => others)
  const shared = Array.from({ length: 3 }, () => turns.share('a', load, PATIENCE))
  expect(load).not.toHaveBeenCalled()
  expect(await Promise.all(shared)).toEqual([{ own: 2 }, { other: 2 }, { other: 2 }])
  expect(await turns.share('a', load, PATIENCE)).toEqual({ own: 0 })
})

it('a load that hangs holds up the callers of its own turn for a while, and nobody else', async () => {
  const clock = fakeClock()
  const turns = createTurnFlight<number>(clock)
  void turns.share('a', hang, PATIENCE)
  const load = vi.fn(async (_others: number) => 2)
  const waiting = [1, 2, 3].map(() => turns.share('a', load, PATIENCE))
  await clock.advance(0)
  expect(await turns.share('a', async () => 9, PATIENCE)).toEqual({ own: 9 })
  await clock.advance(PATIENCE)
  expect(await Promise.all(waiting)).toEqual([{ own: 2 }, { other: 2 }, { other: 2 }])
  // Somebody may be waiting for it: its result must be one that can be shared.
  expect(load.mock.calls).toEqual([[1]])
  expect(clock.pending()).toBe(0)
})

it('a load of a later turn is not shared with one whose load hangs', async () => {
  const clock = fakeClock()
  const turns = createTurnFlight<number>(clock)
  void turns.share('a', hang, PATIENCE)
  const early = turns.share('a', async () => 1, PATIENCE)
  await clock.advance(PATIENCE - 1)
  const late = turns.share('a', async () => 2, PATIENCE)
  await clock.advance(1)
  expect([await early, await late]).toEqual([{ own: 1 }, { own: 2 }])
})
