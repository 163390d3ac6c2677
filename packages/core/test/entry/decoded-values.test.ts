import { expect, it, vi } from 'vitest'
import { createDecodedValues } from '../../src/entry/decoded-values.ts'

const bounds = { maxEntries: 1_000, maxBytes: 8_388_608 }
const json = () => vi.fn((payload: Uint8Array): unknown => JSON.parse(String(payload)))
const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))

it('a payload is decoded once, and every caller gets a separate value', () => {
  const models = createDecodedValues(bounds)
  const decode = json()
  const payload = bytes({ rows: [{ id: 1 }] })
  const values = Array.from(
    { length: 3 },
    () => models.read('a', payload, decode) as { rows: { id: number }[] },
  )
  for (const value of values) {
    expect(value).toEqual({ rows: [{ id: 1 }] })
    Object.assign(value.rows[0] ?? {}, { id: 9 })
    value.rows.length = 0
  }
  expect(decode).toHaveBeenCalledTimes(1)
})

it('a different payload under the same name is decoded', () => {
  const models = createDecodedValues(bounds)
  models.read('a', bytes({ v: 1 }), json())
  expect(models.read('a', bytes({ v: 2 }), json())).toEqual({ v: 2 })
})

it('a value that cannot be copied is decoded every time', () => {
  const models = createDecodedValues(bounds)
  const decode = vi.fn((payload: Uint8Array) => ({ file: new Uint8Array(payload) }))
  const payload = bytes('x')
  const [a, b] = [models.read('a', payload, decode), models.read('a', payload, decode)]
  expect(a).toEqual(b)
  expect(a).not.toBe(b)
  expect(decode).toHaveBeenCalledTimes(2)
})

it('a payload that does not decode throws every time', () => {
  const models = createDecodedValues(bounds)
  const payload = Buffer.from('{')
  for (let time = 0; time < 2; time++) expect(() => models.read('a', payload, json())).toThrow()
})

it('the cache of decoded values is bounded in bytes', () => {
  const models = createDecodedValues(bounds)
  const decode = json()
  const payloads = Array.from({ length: 50 }, (_, at) => bytes(`${at}`.padEnd(200_000)))
  for (let round = 0; round < 2; round++)
    for (const [at, payload] of payloads.entries()) models.read(`${at}`, payload, decode)
  expect(decode).toHaveBeenCalledTimes(100)
})
