import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { FRESH, repeatWhenBusy } from '@larder/testing'
import { expect, it } from 'vitest'
import { whyRepeat } from '../../src/runner/repeat-when-busy.ts'

repeatWhenBusy()

/** More threads than processors, which all want to run. */
async function beBusy(): Promise<void> {
  const threads = Array.from(
    { length: 2 * availableParallelism() },
    () => new Worker('for (;;);', { eval: true }),
  )
  await Promise.all(threads.map((thread) => once(thread, 'online')))
  await wait(150)
  await Promise.all(threads.map((thread) => thread.terminate()))
}

let tries = 0
it('a test that fails on a busy machine is repeated', async () => {
  await beBusy()
  expect(++tries).toBe(2)
})

it('a test that fails on an idle machine, or by a stale value, is not repeated', () => {
  expect(whyRepeat(['expected 900 to be less than 500'], 200, 1_000)).toMatch(/busy.* 200 ms/)
  expect(whyRepeat(['expected 900 to be less than 500'], 20, 1_000)).toBeUndefined()
  expect(whyRepeat(['expected 900 to be less than 500'], 200, 60_000)).toBeUndefined()
  expect(whyRepeat([`${FRESH}: expected 1 to be 2`], 200, 1_000)).toBeUndefined()
})
