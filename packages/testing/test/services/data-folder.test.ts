import { mkdtempSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { makeDataFolder } from '../../src/services/data-folder.ts'

/** Stands for a file system in memory: only its free space matters. */
const memory = mkdtempSync(join(tmpdir(), 'larder-memory-'))
afterAll(() => rmSync(memory, { recursive: true }))

function parentOf(where: string, enough: number): string {
  const folder = makeDataFolder('test', where, enough)
  rmdirSync(folder)
  return dirname(folder)
}

test('a data folder is created in memory if there is enough room', () => {
  expect(parentOf(memory, 1)).toBe(memory)
})

test('a data folder is created among the temporary files if memory has too little room', () => {
  expect(parentOf(memory, 2 ** 60)).toBe(tmpdir())
})

test('a data folder is created among the temporary files if there is no file system in memory', () => {
  expect(parentOf('/no/such/place', 1)).toBe(tmpdir())
})
