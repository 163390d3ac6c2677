import { expect, it } from 'vitest'
import { conceal } from '../src/conceal.ts'
import { loadPackage } from '../src/connection.ts'

it.each([
  ['a password', 'no p4ss here', 'postgresql://u:p4ss@h/d', 'no *** here'],
  ['a password that was escaped', 'no p@ss, p%40ss', 'mysql://u:p%40ss@h/d', 'no ***, ***'],
  ['a password that should have been escaped', 'no p@ss/x', 'mysql://u:p@ss/x@h/d', 'no ***'],
  ['a password without a user', 'no hidden', 'redis://:hidden@h', 'no ***'],
  ['a token', 'no ey.J1', 'libsql://h?authToken=ey.J1&x=1', 'no ***'],
  ['the password of another URL', 'at redis://me:x1@h:1', undefined, 'at redis://me:***@h:1'],
  ['nothing else', 'u at h/d', 'postgresql://u@h/d', 'u at h/d'],
])('the output hides %s', (_name, text, url, shown) => {
  expect(conceal(text, [url])).toBe(shown)
})

it('a missing driver is reported with the command that installs it', async () => {
  const missing = async () => await import(['mysql', 'three'].join('-'))
  await expect(loadPackage('mysql-three', missing)).rejects.toThrow(
    'mysql-three is not installed beside @larder/doctor: npm install --save-dev mysql-three',
  )
  const broken = async () => Promise.reject(new Error('no binary'))
  await expect(loadPackage('mysql2', broken)).rejects.toThrow('mysql2 cannot be loaded: no binary')
})
