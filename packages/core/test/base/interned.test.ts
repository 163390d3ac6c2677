import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { createInterned } from '../../src/base/interned.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

it('a value is shared by name while it is reachable, and its name is removed once it is collected', async () => {
  const interned = createInterned<object>()
  const reachable = interned.get('held', () => ({}))
  for (let number = 0; number < 1_000; number++) interned.get(`dropped ${number}`, () => ({ number }))
  for (let round = 0; round < 50 && interned.size > 1; round++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    collect()
  }
  expect(interned.size).toBe(1)
  expect(interned.get('held', () => ({ other: true }))).toBe(reachable)
})
