import { expect, it } from 'vitest'
import { connectionFingerprint } from '../../src/keys/connection.ts'

it('the connection fingerprint includes session settings from driver options and from the URL', () => {
  expect(connectionFingerprint({ schema: 'tenant_1' })).toEqual(['schema=tenant_1'])
  expect(
    connectionFingerprint(
      { connectionString: 'postgres://user:secret@host/db?options=-c%20search_path%3Dtenant_2', max: 4 },
      { role: 'reader' },
    ),
  ).toEqual(['options=-c search_path=tenant_2', 'role=reader'])
})

it('the connection fingerprint ignores user, password and options that are no session settings, so that credentials can be rotated', () => {
  expect(
    connectionFingerprint(undefined, 'tenant', { user: 'a', password: 'b', options: { max: 1 } }),
  ).toEqual([])
  expect(connectionFingerprint({ connectionString: 'no url', url: 5, schema: '' })).toEqual([])
})
