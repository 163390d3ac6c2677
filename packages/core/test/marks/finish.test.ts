import { expect, test } from 'vitest'
import { createTokens } from '../../src/marks/finish.ts'

test('the tokens of all writes of all caches are different', () => {
  const caches = [createTokens(), createTokens(), createTokens()]
  const tokens = caches.flatMap((newToken) => Array.from({ length: 1_000 }, newToken))
  expect(new Set(tokens).size).toBe(3_000)
})
