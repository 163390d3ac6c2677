import { CacheError } from '@larder/core'
import { expect, it } from 'vitest'

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

it('a CacheError serializes to JSON with its name, code and message', () => {
  const error = new CacheError('LARDER_STORE', 'valkey at 10.0.0.7:6379: refused')
  const expected = { name: 'CacheError', code: 'LARDER_STORE', message: 'valkey at 10.0.0.7:6379: refused' }
  expect(json(error)).toEqual(expected)
  expect(json({ level: 'error', error })).toEqual({ level: 'error', error: expected })
})

it('a CacheError serializes to JSON with its chain of causes and without stacks', () => {
  const deepest = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
  const cause = new TypeError('no answer', { cause: deepest })
  const error = new CacheError('LARDER_MARK_FAILED', 'not marked', { cause })
  expect(json(error)).toMatchObject({
    cause: {
      name: 'TypeError',
      message: 'no answer',
      cause: { name: 'Error', code: 'ECONNREFUSED', message: 'refused' },
    },
  })
  expect(JSON.stringify(error)).not.toContain('errors.test')
})

it('a CacheError serializes to JSON when its cause is itself or is not an Error', () => {
  const error = new CacheError('LARDER_STORE', 'a')
  Object.assign(error, { cause: error })
  expect(JSON.stringify(error).match(/LARDER_STORE/g)?.length).toBeLessThan(10)
  const circle: Record<string, unknown> = {}
  circle.itself = circle
  for (const cause of [circle, 5n, 'text', null])
    expect(json(new CacheError('LARDER_STORE', 'a', { cause }))).toHaveProperty('cause')
})
