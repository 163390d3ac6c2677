import { expect, it } from 'vitest'
import { createPauses } from '../../src/connection/pauses.ts'

it('pauses grow from 50 ms to a second while connections are made but never answer', () => {
  const pauses = createPauses(() => 0)
  const all = Array.from({ length: 40 }, () => pauses.next())
  expect(all.slice(0, 3)).toEqual([50, 100, 150])
  expect(all.slice(19)).toEqual(Array(21).fill(1_000))
})

it('the pause is short again only after a connection that served for a second', () => {
  let now = 0
  const pauses = createPauses(() => now)
  for (let time = 0; time < 10; time++) pauses.next()
  pauses.connectionServed()
  now += 500
  expect(pauses.next()).toBe(550)
  pauses.connectionServed()
  now += 600
  pauses.connectionServed()
  now += 600
  expect(pauses.next()).toBe(50)
})
