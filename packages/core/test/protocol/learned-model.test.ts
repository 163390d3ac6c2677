import { sized } from '@larder/testing'
import { describe, expect, test } from 'vitest'
import { explore, type Rule, type Writer } from './learned-model.ts'

const WRITERS: readonly Writer[] = ['known', 'learned', 'blind', 'unaware']
const PAIRS = WRITERS.flatMap((one, at) => WRITERS.slice(at).map((other) => [one, other] as const))

describe('a tag learned from a result', () => {
  test.each(PAIRS)('is never stale beside a writer that is %s and one that is %s', (...writers) => {
    for (const warm of [true, false]) {
      // Two readers beside two writers that mark no more than the cell are millions of states.
      const known = writers.every((one) => one === 'known')
      const { states, wrong } = explore({ writers, warm, readers: known ? 1 : sized(1, 2) })
      expect(Object.fromEntries(wrong)).toEqual({})
      expect(states).toBeGreaterThan(1_000)
    }
  })

  test.each(WRITERS)('is never stale beside a writer that is %s, a death and evictions', (writer) => {
    const { wrong } = explore({ writers: [writer], faults: 2, warm: true })
    expect(Object.fromEntries(wrong)).toEqual({})
  })

  test.each(WRITERS)(
    'is never stale where a referrer exists before its target, beside a writer that is %s',
    (writer) => {
      for (const warm of [true, false]) {
        const { states, wrong } = explore({
          writers: ['inserts', writer],
          warm,
          dangling: true,
          readers: writer === 'known' ? 1 : sized(1, 2),
        })
        expect(Object.fromEntries(wrong)).toEqual({})
        expect(states).toBeGreaterThan(1_000)
      }
    },
  )

  test('is never stale where a referrer exists before its target, beside deaths and evictions', () => {
    const { wrong } = explore({
      writers: ['inserts', 'known'],
      faults: 2,
      warm: true,
      dangling: true,
      readers: 1,
    })
    expect(Object.fromEntries(wrong)).toEqual({})
  })

  test('needs the rule list-unless-shown where a referrer exists before its target', () => {
    const without: Rule = 'list-unless-shown'
    for (const warm of [true, false])
      expect(explore({ writers: ['inserts'], without, warm, dangling: true }).wrong.size).toBeGreaterThan(0)
  })

  test.each<[Rule, Writer]>([
    ['covered-by-list', 'known'],
    ['list-with-seeding', 'known'],
    ['list-clean', 'known'],
    ['nonce-of-seeding', 'known'],
    ['record-first', 'learned'],
    ['cell-compared', 'known'],
  ])('needs the rule %s', (without, writer) => {
    expect(explore({ writers: [writer], without, warm: true }).wrong.size).toBeGreaterThan(0)
  })
})
