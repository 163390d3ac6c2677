import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { SLOWEST } from '../../src/runner/slowest-first.ts'

test.each(SLOWEST)('%s, which is started first, exists', (file) => {
  expect(existsSync(new URL(`../../../../${file}`, import.meta.url))).toBe(true)
})
