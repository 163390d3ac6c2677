import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { filePlace, networkPlace, objectPlace } from '../../src/keys/place.ts'

const shop = { protocol: 'postgres', host: 'db.example', port: 5432, database: 'shop' }

it('the name of a host is case-insensitive, and the name of a database is case-sensitive', () => {
  expect(networkPlace({ ...shop, host: 'DB.example' })).toBe('postgres://db.example:5432/shop')
  expect(networkPlace({ ...shop, database: 'Shop' })).toBe('postgres://db.example:5432/Shop')
})

it.each(['localhost', '127.0.0.1', '127.0.0.53', '::1', '/var/run/postgresql', ''])(
  'the host %j is a different server on every machine',
  (host) => {
    expect(networkPlace({ ...shop, host })).toBe(`postgres://${host}@${hostname()}:5432/shop`)
  },
)

it('a database file is identified by its absolute path and the machine', () => {
  const place = `sqlite://${hostname()}${resolve('a.db')}`
  for (const path of [
    'a.db',
    './a.db',
    'file:a.db',
    resolve('a.db'),
    `file://${resolve('a.db')}`,
    'b/../a.db',
  ])
    expect(filePlace('sqlite', path)).toBe(place)
})

it('two in-memory databases are different, and each equals itself', () => {
  const database = {}
  expect(objectPlace(database)).toBe(objectPlace(database))
  expect(objectPlace({})).not.toBe(objectPlace(database))
})
