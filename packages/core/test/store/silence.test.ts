import { expect, it } from 'vitest'
import { createSilentMarks } from '../../src/store/silence.ts'

it('a store that answers nothing is silent for every record, until it answers anything', () => {
  const silence = createSilentMarks()
  silence.noAnswer('a', 'short', silence.answers)
  expect([silence.has('a', 'short'), silence.has('b', 'short'), silence.has('a', 'long')]).toEqual([
    true,
    true,
    false,
  ])
  silence.answered('b')
  expect([silence.has('a', 'short'), silence.has('b', 'short')]).toEqual([true, false])
  silence.answered('a')
  expect(silence.has('a', 'short')).toBe(false)
})

it('a store of which another part answered meanwhile is silent for that record alone', () => {
  const silence = createSilentMarks()
  const before = silence.answers
  silence.signOfLife()
  silence.noAnswer('a', 'long', before)
  expect([silence.has('a', 'long'), silence.has('b', 'long')]).toEqual([true, false])
  silence.signOfLife()
  expect(silence.has('a', 'long')).toBe(true)
  silence.answered(undefined)
  expect(silence.has('a', 'long')).toBe(false)
})

it('remembers a bounded number of records, and tells whoever watches', () => {
  const silence = createSilentMarks()
  let told = 0
  const unwatch = silence.watch(() => told++)
  for (let record = 0; record < 2_000; record++) silence.noAnswer(String(record), 'short', -1)
  expect(told).toBe(2_000)
  unwatch()
  silence.noAnswer('more', 'short', -1)
  expect(told).toBe(2_000)
  expect([silence.has('0', 'short'), silence.has('1500', 'short')]).toEqual([true, false])
})
