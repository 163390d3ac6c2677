import { expect, it } from 'vitest'
import { createSilentMarks } from '../../src/store/silence.ts'

it('a store that answers nothing is silent for every record until it answers', () => {
  const silence = createSilentMarks()
  silence.noAnswer(silence.sent('a'), 'short')
  const silent = (record: string) => silence.has(record, 'short')
  expect([silent('a'), silent('b'), silence.has('a', 'long')]).toEqual([true, true, false])
  silence.answered('b')
  expect([silent('a'), silent('b')]).toEqual([true, false])
  silence.answered('a')
  expect(silent('a')).toBe(false)
})

it('a store of which another part answered meanwhile is silent for that record only', () => {
  const silence = createSilentMarks()
  const mark = silence.sent('a')
  silence.signOfLife()
  silence.noAnswer(mark, 'long')
  expect([silence.has('a', 'long'), silence.has('b', 'long')]).toEqual([true, false])
  silence.signOfLife()
  expect(silence.has('a', 'long')).toBe(true)
  silence.answered(undefined)
  expect(silence.has('a', 'long')).toBe(false)
})

it('a lost mark does not make a record silent if the store has acknowledged something for it since', () => {
  const silence = createSilentMarks()
  const mark = silence.sent('a')
  silence.answered('a')
  silence.noAnswer(mark, 'long')
  expect(silence.has('a', 'long')).toBe(false)
})

it('a bounded number of silent records is kept, and watchers are called', () => {
  const silence = createSilentMarks()
  let calls = 0
  const unwatch = silence.watch(() => calls++)
  const lose = (record: string): void => {
    const mark = silence.sent(record)
    silence.signOfLife()
    silence.noAnswer(mark, 'short')
    silence.over(mark)
  }
  for (let record = 0; record < 2_000; record++) lose(String(record))
  expect(calls).toBe(2_000)
  unwatch()
  lose('more')
  expect(calls).toBe(2_000)
  expect([silence.has('0', 'short'), silence.has('1500', 'short')]).toEqual([true, false])
})
