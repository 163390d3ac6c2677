import { canonical } from '@larder/core/host'
import { Decimal } from '@prisma/client/runtime/client'
import { describe, expect, it } from 'vitest'
import { planRead, rowReadOf } from '../../src/plan/read.ts'
import { createReadPlans } from '../../src/plan/read-plans.ts'
import { FieldRef, models, skip } from './models.ts'
import { reads } from './reads.ts'

const types = {
  decimal: { is: Decimal.isDecimal, text: String, make: (text: string) => new Decimal(text) },
}
const plans = () => createReadPlans(models, types)
/** What a plan says, without the functions that read a result. */
const said = (plan: object): string => JSON.stringify(plan)

it.each(reads)(
  '%s.%s is planned once for equal arguments, with the same plan as without memory',
  (model, operation, args) => {
    const { ofCached, ofUncached } = plans()
    const plan = ofCached(operation, model, args, [])
    expect(ofCached(operation, model, structuredClone(args), [])).toBe(plan)
    const { queryText, ...rest } = plan
    expect(said(rest)).toBe(said(ofUncached(operation, model, args, [])))
    expect(said(rest)).toBe(
      said({
        ...planRead(operation, model, args, models),
        row: rowReadOf(models, model, operation, args, []),
      }),
    )
    expect(queryText).toBe(canonical(plan.row ? plan.row.query : { args, dataPath: [] }, types))
  },
)

describe('different arguments have different plans', () => {
  it('if the caller has changed the same object', () => {
    const { ofCached } = plans()
    const args = { where: { id: 1 }, include: {} as Record<string, boolean> }
    const first = ofCached('findMany', 'User', args, [])
    args.where.id = 2
    args.include.posts = true
    const second = ofCached('findMany', 'User', args, [])
    expect(first.occurrences.map(({ table, pins }) => [table, pins])).toEqual([['app_user', { id: [1] }]])
    expect(second.occurrences).toHaveLength(2)
    expect(second.occurrences[0]?.pins).toEqual({ id: [2] })
  })

  it.each<[string, unknown, unknown]>([
    ['a number and a bigint', 1, 1n],
    ['a number and its text', 1, '1'],
    ['a value and a field reference', 1, new FieldRef()],
    ['a value and an absent one', 1, undefined],
    ['a value and a skipped one', 1, skip],
    ['a value and NULL', 1, null],
  ])('for %s', (_, a, b) => {
    const { ofCached } = plans()
    const plan = (id: unknown) => ofCached('findMany', 'User', { where: { id } }, [])
    expect(plan(a)).not.toBe(plan(b))
    expect(plan(b)).toEqual({
      ...plans().ofUncached('findMany', 'User', { where: { id: b } }, []),
      occurrences: expect.anything(),
      queryText: plan(b).queryText,
    })
  })

  it('for the fluent API, another operation and another model', () => {
    const { ofCached } = plans()
    const args = { where: { id: 1 } }
    const all = [
      ofCached('findUnique', 'User', args, []),
      ofCached('findUnique', 'User', args, ['select', 'posts']),
      ofCached('findUniqueOrThrow', 'User', args, []),
      ofCached('findUnique', 'Post', args, []),
    ]
    expect(new Set(all).size).toBe(4)
  })
})

it('arguments without a canonical text are planned every time', () => {
  const { ofCached } = plans()
  const args = { where: { id: Object.assign(() => 1, {}) } }
  const plan = ofCached('findMany', 'User', args, [])
  expect(plan.queryText).toBeUndefined()
  expect(ofCached('findMany', 'User', args, [])).not.toBe(plan)
})

it('the number of remembered plans of all operations and models is bounded', () => {
  const { ofCached } = plans()
  const first = () => ofCached('findUnique', 'User', { where: { id: 0 } }, [])
  const plan = first()
  expect(first()).toBe(plan)
  for (const operation of ['findUnique', 'findMany', 'count'])
    for (let id = 1; id <= 3_400; id++) ofCached(operation, 'Post', { where: { id } }, [])
  expect(first()).not.toBe(plan)
})
