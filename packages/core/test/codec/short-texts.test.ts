import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { msgpackCodec } from '../../src/codec/msgpack.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const LONG = 2_700
const COUNT = 2_000
const long = 'x'.repeat(LONG)
/** V8 copies texts of fewer than 13 characters that are cut out of others. */
const text = (name: string, id: number): string => `${name} ${String(id).padStart(20, '0')}`

it.each([
  ['before', (id: number) => ({ code: text('code', id), name: text('name', id), manual: long })],
  ['after', (id: number) => ({ manual: long, code: text('code', id), name: text('name', id) })],
  ['on both sides of', (id: number) => ({ code: text('code', id), manual: long, name: text('name', id) })],
])('short texts %s a long one do not keep its bytes a second time', (_, rowOf) => {
  const codec = msgpackCodec().bind({})
  const entries = Array.from({ length: COUNT }, (_, id) => Buffer.from(codec.encode(rowOf(id))))
  collect()
  const before = process.memoryUsage().heapUsed
  const rows = entries.map((bytes) => codec.decode(bytes))
  collect()
  const each = (process.memoryUsage().heapUsed - before) / rows.length
  expect(rows[7]).toEqual(rowOf(7))
  // The long text once, and what is around it.
  expect(each).toBeGreaterThan(LONG)
  expect(each).toBeLessThan(1.4 * LONG)
})
