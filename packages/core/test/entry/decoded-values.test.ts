import { expect, it, vi } from 'vitest'
import { createDecodedValues, type LocalPayload } from '../../src/entry/decoded-values.ts'
import { createLocalEntries, LocalEntry } from '../../src/store/local-entries.ts'

const json = () => vi.fn((payload: Uint8Array): unknown => JSON.parse(String(payload)))
const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))

function holding(maxBytes = 8_388_608) {
  const entries = createLocalEntries<LocalEntry>({ maxEntries: 1_000, maxBytes })
  const hold = (name: string, payload: Uint8Array): LocalPayload => {
    const local = new LocalEntry()
    entries.set(name, local, payload.length)
    return { payload, local }
  }
  return { entries, hold }
}

it('a payload is decoded once, and every caller gets a separate value', () => {
  const models = createDecodedValues({})
  const decode = json()
  const entry = holding().hold('a', bytes({ rows: [{ id: 1 }] }))
  const values = Array.from({ length: 3 }, () => models.read(entry, decode) as { rows: { id: number }[] })
  for (const value of values) {
    expect(value).toEqual({ rows: [{ id: 1 }] })
    Object.assign(value.rows[0] ?? {}, { id: 9 })
    value.rows.length = 0
  }
  expect(decode).toHaveBeenCalledTimes(1)
})

it('a different entry under the same name is decoded', () => {
  const models = createDecodedValues({})
  const { hold } = holding()
  models.read(hold('a', bytes({ v: 1 })), json())
  expect(models.read(hold('a', bytes({ v: 2 })), json())).toEqual({ v: 2 })
})

it('two clients do not share a decoded value', () => {
  const entry = holding().hold('a', bytes({ v: 1 }))
  const clients = [createDecodedValues({}), createDecodedValues({})]
  const decoders = clients.map((client, at) => {
    const decode = vi.fn(() => ({ of: at }))
    for (let time = 0; time < 2; time++) expect(client.read(entry, decode)).toEqual({ of: at })
    return decode
  })
  for (const decode of decoders) expect(decode).toHaveBeenCalledTimes(1)
})

it('a value that cannot be copied is decoded every time', () => {
  const models = createDecodedValues({})
  const decode = vi.fn((payload: Uint8Array) => ({ file: new Uint8Array(payload) }))
  const entry = holding().hold('a', bytes('x'))
  const [a, b] = [models.read(entry, decode), models.read(entry, decode)]
  expect(a).toEqual(b)
  expect(a).not.toBe(b)
  expect(decode).toHaveBeenCalledTimes(2)
})

it('a payload that does not decode throws every time', () => {
  const models = createDecodedValues({})
  const entry = holding().hold('a', Buffer.from('{'))
  for (let time = 0; time < 2; time++) expect(() => models.read(entry, json())).toThrow()
})

it('a payload that nothing in this process holds is decoded every time', () => {
  const models = createDecodedValues({})
  const decode = json()
  const { entries, hold } = holding()
  const removed = hold('a', bytes({ v: 1 }))
  models.read(removed, decode)
  entries.delete('a')
  for (const source of [removed, { payload: bytes({ v: 1 }) }])
    for (let time = 0; time < 2; time++) expect(models.read(source, decode)).toEqual({ v: 1 })
  expect(decode).toHaveBeenCalledTimes(5)
})

it('decoded values take no room from entries beyond their share', () => {
  const models = createDecodedValues({})
  const decode = json()
  const { entries, hold } = holding(8_000_000)
  const payloads = Array.from({ length: 30 }, (_, at) => hold(`${at}`, bytes(`${at}`.padEnd(200_000))))
  for (let round = 0; round < 2; round++) for (const payload of payloads) models.read(payload, decode)
  // 6 MB of entries leave room for ten values.
  expect(decode).toHaveBeenCalledTimes(60)
  expect(payloads.every((_, at) => entries.get(`${at}`))).toBe(true)
  for (let round = 0; round < 2; round++) for (const last of payloads.slice(-9)) models.read(last, decode)
  expect(decode).toHaveBeenCalledTimes(60)
})

it('decoded values keep their share when there are more entries than fit', () => {
  const models = createDecodedValues({})
  const decode = json()
  const { entries, hold } = holding(8_000_000)
  const read = (at: number): boolean => {
    const entry = hold(`${at}`, bytes(`${at}`.padEnd(200_000)))
    models.read(entry, decode)
    return models.read(entry, decode) !== undefined
  }
  for (let at = 0; at < 60; at++) read(at)
  expect(decode).toHaveBeenCalledTimes(60)
  const local = Array.from({ length: 60 }, (_, at) => entries.get(`${at}`)).filter(Boolean)
  expect(local.length).toBeGreaterThan(25)
  expect(local.length).toBeLessThan(32)
})

it('the decoded values used last stay', () => {
  const models = createDecodedValues({})
  const decode = json()
  const { entries, hold } = holding(1_000_000)
  const payloads = ['a', 'b', 'c', 'd'].map((name) => hold(name, bytes(name.padEnd(100_000))))
  const [a, b] = payloads as [LocalPayload, LocalPayload]
  for (const entry of payloads) models.read(entry, decode)
  entries.get('a')
  const filler = Array.from({ length: 4 }, (_, at) => hold(`${at}`, Buffer.alloc(100_000)))
  expect(filler.every(({ local }) => local?.holder)).toBe(true)
  expect([a, b].map(({ local }) => (local?.derivedBytes ?? 0) > 0)).toEqual([true, false])
})
