import { describe, expect, test } from 'vitest'
import { type Exploration, explore, type Rule, type Statement } from './early-marks-model.ts'

const STATEMENTS: readonly Statement[] = ['value-in-filter', 'value-in-result', 'value-unknown']
const wrongOf = (options: Exploration): readonly string[] => [...explore(options).wrong.keys()]

describe('marks sent while the statements of a transaction run', () => {
  test.each(STATEMENTS)('prevent stale reads if COMMIT waits for them: %s', (statement) => {
    for (const failing of [false, true])
      for (const through of [false, true]) {
        const { states, wrong } = explore({ statement, failing, through })
        expect(Object.fromEntries(wrong)).toEqual({})
        expect(states).toBeGreaterThan(500)
      }
  })

  test.each(STATEMENTS)(
    'can be missed between a COMMIT that did not wait and its finish, but not after it: %s',
    (statement) => {
      for (const through of [false, true]) {
        const wrong = wrongOf({ statement, failing: true, budget: true, through })
        expect(wrong).toContain('stale after the write returned')
        expect(wrong).not.toContain('survives')
      }
    },
  )

  test.each<[Rule, Exploration]>([
    ['acknowledged-before-commit', { statement: 'value-in-filter' }],
    ['result-before-commit', { statement: 'value-in-result' }],
    ['failed-again', { statement: 'value-in-filter', failing: true }],
  ])('need the rule %s', (without, options) => {
    expect(wrongOf({ ...options, without })).toContain('stale after the write returned')
  })

  test.each<[Rule, Exploration]>([
    ['late-proves-nothing', { statement: 'value-in-filter', budget: true, through: true }],
    ['keeps-after-rollback-only', { statement: 'value-unknown' }],
    ['keeps-after-rollback-only', { statement: 'value-in-filter' }],
    ['keeps-after-rollback-only', { statement: 'value-in-result' }],
  ])('leave a stale entry behind without the rule %s', (without, options) => {
    expect(wrongOf({ ...options, without })).toContain('survives')
  })

  // Stores keep it as a precaution: a mark that is gone says that the store has lost something.
  test.each(STATEMENTS)(
    'do not need the rule keeps-under-own-mark, because a rollback changes nothing: %s',
    (statement) => {
      const options: Exploration = {
        statement,
        failing: true,
        through: true,
        without: 'keeps-under-own-mark',
      }
      expect(wrongOf(options)).toEqual([])
      expect(wrongOf({ ...options, budget: true })).not.toContain('survives')
    },
  )
})
