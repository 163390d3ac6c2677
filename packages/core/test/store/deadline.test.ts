import { forgetfulClock } from '@larder/testing'
import { expect, it } from 'vitest'
import { createDeadline, type Frequency } from '../../src/store/deadline.ts'

it.each<Frequency>(['rare', 'repeated', 'frequent'])(
  'calls have a deadline again after a test has taken the timer away: %s',
  async (frequency) => {
    const clock = forgetfulClock()
    const deadline = createDeadline(clock, 100, frequency)
    const errors: unknown[] = []
    const hang = (action: string) =>
      void deadline.within(action, () => new Promise(() => {})).catch((error: unknown) => errors.push(error))
    clock.losesTimers = true
    hang('first')
    clock.losesTimers = false
    await clock.advance(5_000)
    expect(errors).toEqual([])
    hang('second')
    await clock.advance(2_000)
    expect(errors.map(String)).toEqual([
      expect.stringContaining('store first took longer than 100 ms'),
      expect.stringContaining('store second took longer than 100 ms'),
    ])
  },
)
