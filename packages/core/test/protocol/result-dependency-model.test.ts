import { sized } from '@larder/testing'
import { describe, expect, test } from 'vitest'
import { explore, type Rule, type Writer } from './result-dependency-model.ts'

const WRITERS: readonly Writer[] = ['value-in-filter', 'value-in-result', 'value-unknown', 'key-undeclared']
const PAIRS = WRITERS.flatMap((first, at) => WRITERS.slice(at).map((second) => [first, second] as const))

describe('a result dependency', () => {
  test.each(PAIRS)('is never stale while writers of kind %s and %s run concurrently', (...writers) => {
    for (const warm of [true, false]) {
      // Two readers beside two writers that mark no more than the cell are millions of states.
      const allNameValue = writers.every((writer) => writer === 'value-in-filter')
      const { states, wrong } = explore({ writers, warm, readers: allNameValue ? 1 : sized(1, 2) })
      expect(Object.fromEntries(wrong)).toEqual({})
      expect(states).toBeGreaterThan(1_000)
    }
  })

  test.each(WRITERS)('is never stale while a writer of kind %s runs, dies and tags are evicted', (writer) => {
    // Of the only writer that marks the cell there are by far the most states.
    const faults = writer === 'value-in-filter' ? sized(1, 2) : 2
    const { wrong } = explore({ writers: [writer], faults, warm: true })
    expect(Object.fromEntries(wrong)).toEqual({})
  })

  test.each(WRITERS)(
    'is never stale while a writer of kind %s runs, if a referrer may exist before its target',
    (writer) => {
      for (const warm of [true, false]) {
        const { states, wrong } = explore({
          writers: ['insert', writer],
          warm,
          dangling: true,
          readers: writer === 'value-in-filter' ? 1 : sized(1, 2),
        })
        expect(Object.fromEntries(wrong)).toEqual({})
        expect(states).toBeGreaterThan(1_000)
      }
    },
  )

  test('is never stale while writers die and tags are evicted, if a referrer may exist before its target', () => {
    const { wrong } = explore({
      writers: ['insert', 'value-in-filter'],
      faults: 2,
      warm: true,
      dangling: true,
      readers: 1,
    })
    expect(Object.fromEntries(wrong)).toEqual({})
  })

  test('needs the rule list-unless-shown if a referrer may exist before its target', () => {
    const without: Rule = 'list-unless-shown'
    for (const warm of [true, false])
      expect(explore({ writers: ['insert'], without, warm, dangling: true }).wrong.size).toBeGreaterThan(0)
  })

  test.each<[Rule, Writer]>([
    ['covered-by-list', 'value-in-filter'],
    ['list-with-seeding', 'value-in-filter'],
    ['list-clean', 'value-in-filter'],
    ['nonce-of-seeding', 'value-in-filter'],
    ['record-first', 'value-in-result'],
    ['cell-compared', 'value-in-filter'],
  ])('needs the rule %s', (without, writer) => {
    expect(explore({ writers: [writer], without, warm: true }).wrong.size).toBeGreaterThan(0)
  })
})
