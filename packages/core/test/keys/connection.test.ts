import { expect, it } from 'vitest'
import { connectionFingerprint } from '../../src/keys/connection.ts'

it('what a connection is opened with is found among a driver’s options and in its URL', () => {
  expect(connectionFingerprint({ schema: 'tenant_1' })).toEqual(['schema=tenant_1'])
  expect(
    connectionFingerprint(
      { connectionString: 'postgres://user:secret@host/db?options=-c%20search_path%3Dtenant_2', max: 4 },
      { role: 'reader' },
    ),
  ).toEqual(['options=-c search_path=tenant_2', 'role=reader'])
})

it('who connects, and what is no setting, does not count: passwords are rotated, and users with them', () => {
  expect(
    connectionFingerprint(undefined, 'tenant', { user: 'a', password: 'b', options: { max: 1 } }),
  ).toEqual([])
  expect(connectionFingerprint({ connectionString: 'no url', url: 5, schema: '' })).toEqual([])
})
