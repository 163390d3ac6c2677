import { rmdirSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { makeDataFolder } from '../../src/services/data-folder.ts'

const parentOf = (memory?: string): string => {
  const folder = makeDataFolder('test', memory)
  rmdirSync(folder)
  return dirname(folder)
}

test('the data of servers are among the temporary files where there is no file system in memory', () => {
  expect(parentOf('/no/such/place')).toBe(tmpdir())
})

test('the data of servers are among the temporary files where the file system in memory is too small', () => {
  // It has no bytes at all.
  expect(statfsSync('/proc').bavail).toBe(0)
  expect(parentOf('/proc')).toBe(tmpdir())
})

test('the data of servers are in memory where there is room', () => {
  // A folder on this machine's disk stands for it: what counts is its free space.
  const { bavail, bsize } = statfsSync(process.cwd())
  expect(bavail * bsize).toBeGreaterThan(3 * 2 ** 30)
  expect(parentOf(process.cwd())).toBe(process.cwd())
})
