import { expect, it } from 'vitest'
import { createBounded } from '../../src/base/bounded-map.ts'

const value = (n: number) => ({ n })

it('never holds more than its bound, and always holds the newest half of it', () => {
  const map = createBounded<{ n: number }>(10)
  for (let n = 0; n < 1_000; n++) {
    map.set(`${n}`, value(n))
    const newest = Array.from({ length: n + 1 }, (_, at) => at).filter((at) => at > n - 5)
    for (const at of newest) expect(map.get(`${at}`)).toEqual(value(at))
  }
  let count = 0
  for (let n = 0; n < 1_000; n++) if (map.get(`${n}`)) count++
  expect(count).toBeLessThanOrEqual(10)
})

it('an item that is read regularly is never evicted', () => {
  const map = createBounded<{ n: number }>(10)
  map.set('kept', value(-1))
  for (let n = 0; n < 100; n++) {
    map.set(`${n}`, value(n))
    expect(map.get('kept')).toEqual(value(-1))
  }
})

it('overwriting, deleting and clearing take effect in both generations', () => {
  const map = createBounded<{ n: number }>(4)
  for (const name of ['a', 'b', 'c']) map.set(name, value(1))
  map.set('a', value(2))
  expect(map.get('a')).toEqual(value(2))
  map.delete('a')
  map.delete('b')
  expect([map.get('a'), map.get('b')]).toEqual([undefined, undefined])
  map.clear()
  expect(map.get('c')).toBeUndefined()
})
