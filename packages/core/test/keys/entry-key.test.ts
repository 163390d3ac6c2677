import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { digest } from '../../src/keys/digest.ts'
import { type EntryKeyParts, entryKeys } from '../../src/keys/entry-key.ts'

const parts: EntryKeyParts = {
  namespace: 'shop',
  version: '1',
  database: 'main',
  identity: ['prisma', 'postgres', 'pg', 1, 'schema-digest', { omit: {} }],
}
const read = { operation: 'Product.findMany', model: 'Product', query: { where: { id: 1 } } }

describe('digest', () => {
  it('the two halves together are a SHA-256 hash', () => {
    const { name, proof } = digest('text')
    const whole = Buffer.concat([Buffer.from(name, 'base64url'), Buffer.from(proof, 'base64url')])
    expect(whole).toEqual(createHash('sha256').update('text').digest())
    expect(name).toMatch(/^[\w-]{22}$/)
  })
})

describe('entryKeys', () => {
  const base = entryKeys(parts).of(undefined, read)

  it('the same read has the same key and proof', () => {
    expect(entryKeys({ ...parts }).of(undefined, { ...read, query: { where: { id: 1 } } })).toEqual(base)
  })

  it.each<[string, Partial<EntryKeyParts>]>([
    ['namespace', { namespace: 'shop2' }],
    ['version', { version: '2' }],
    ['database', { database: 'other' }],
    ['host', { identity: ['drizzle', ...parts.identity.slice(1)] }],
    ['row-shape version', { identity: ['prisma', 'postgres', 'pg', 2, 'schema-digest', { omit: {} }] }],
    ['client-wide omit', { identity: [...parts.identity.slice(0, -1), { omit: { user: { mail: true } } }] }],
  ])('a different %s gives a different entry', (_, change) => {
    const other = entryKeys({ ...parts, ...change }).of(undefined, read)
    expect(other.key.split(':e:')[1]).not.toBe(base.key.split(':e:')[1])
    expect(other.proof).not.toBe(base.proof)
  })

  it.each<[string, unknown, Partial<typeof read>]>([
    ['scope', 'tenant-1', {}],
    ['null scope', null, {}],
    ['operation', undefined, { operation: 'Product.findFirst' }],
    ['model', undefined, { model: 'Stock' }],
    ['query', undefined, { query: { where: { id: 1n as unknown as number } } }],
  ])('a different %s gives a different entry', (_, scope, change) => {
    expect(entryKeys(parts).of(scope, { ...read, ...change }).key).not.toBe(base.key)
  })

  it('moving a value from one part to the next gives a different entry', () => {
    const first = entryKeys({ ...parts, version: 'ab', database: 'c' }).of(undefined, read)
    const other = entryKeys({ ...parts, version: 'a', database: 'bc' }).of(undefined, read)
    expect(first.key).not.toBe(other.key)
  })

  it('a key is shorter than 128 bytes for a query of any length', () => {
    const { key } = entryKeys({ ...parts, namespace: 'n'.repeat(32) }).of('s'.repeat(999), {
      ...read,
      query: 'q'.repeat(99_999),
    })
    expect(Buffer.byteLength(key)).toBeLessThan(128)
    expect(key).toMatch(/^n{32}:e:[\w-]{22}$/)
  })
})

it('a remembered key equals the key derived anew, whatever was derived before', () => {
  const remembering = entryKeys(parts, 4)
  const queries = Array.from({ length: 20 }, (_, id) => ({ ...read, query: { where: { id: id % 7 } } }))
  for (const query of [...queries, { ...read, query: 'x'.repeat(1_000) }])
    for (const scope of [undefined, 'tenant', 5])
      for (const model of ['Product', 'Stock']) {
        const modelRead = { ...query, model }
        const { key, proof } = entryKeys(parts).of(scope, modelRead)
        expect(remembering.of(scope, modelRead)).toMatchObject({ key, proof })
      }
})

it('operations with the same queries never share a remembered key', () => {
  const remembering = entryKeys(parts, 1_000)
  const keys = Array.from({ length: 30 }, (_, operation) =>
    [0, 1, 2, 11, 111].map((query) =>
      remembering.of(undefined, { ...read, operation: `o${operation}`, query }),
    ),
  ).flat()
  expect(new Set(keys.map(({ key }) => key)).size).toBe(keys.length)
})
