import { sized, sweep } from '@larder/testing'
import { describe, expect, test } from 'vitest'
import { type Exploration, explore, type Rule, type Writer } from './capture-model.ts'

const WRITERS: readonly Writer[] = ['a', 'b', 'both']

describe('a computed value with captured dependencies', () => {
  test.each(WRITERS)('equals its rows at one instant of the call, while a writer changes %s', (writer) => {
    for (const coarse of [false, true]) {
      const { served, wrong } = explore({ writers: [writer], coarse, evictions: 1 })
      expect(Object.fromEntries(wrong)).toEqual({})
      expect(served).toBeGreaterThan(10)
    }
  })

  test('equals its rows at one instant of the call, while two writers run', () => {
    for (const coarse of sweep([false, true])) {
      const { served, wrong } = explore({ writers: ['both', 'a'], coarse, evictions: sized(0, 1) })
      expect(Object.fromEntries(wrong)).toEqual({})
      expect(served).toBeGreaterThan(10)
    }
  })

  test('equals its rows at one instant of the call, with three callers', () => {
    const { served, wrong } = explore({ writers: ['both'], callers: 3 })
    expect(Object.fromEntries(wrong)).toEqual({})
    expect(served).toBeGreaterThan(10)
  })

  test.each<[Rule, Exploration]>([
    ['nonce-before-sql', { writers: ['both'] }],
    ['one-nonce', { writers: ['a'] }],
    ['every-read', { writers: ['b'] }],
    ['all-of-the-entry', { writers: ['b'] }],
    ['strict-reads', { writers: ['a'], callers: 3 }],
    ['joined-confirmed', { writers: ['a'] }],
    ['cells-confirmed', { writers: ['both'], coarse: true }],
    ['list-before-cells', { writers: ['both'], coarse: true }],
  ])('needs the rule %s', (without, exploration) => {
    expect(explore({ ...exploration, without }).wrong.size).toBeGreaterThan(0)
  })
})
