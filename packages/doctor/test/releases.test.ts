import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compareReleases, doctor } from '@larder/doctor'
import { tablesOf } from '@larder/drizzle'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { describe, expect, it } from 'vitest'

const people = pgTable('person', { id: integer().primaryKey(), slug: text().notNull(), name: text() })
const notes = pgTable('note', {
  id: integer().primaryKey(),
  person: integer().references(() => people.id, { onDelete: 'cascade' }),
})
const before = tablesOf({ people })
const findings = (previous = before, next = before) =>
  compareReleases(previous, next).map(({ level, code, subject, message }) => [
    `${level} ${code} ${subject}`,
    /the (previous|next) release/.exec(message)?.[1],
  ])

describe('a rolling deploy is dangerous if', () => {
  it('the running release has not declared a table that cascades from one it writes', () => {
    expect(findings(before, tablesOf({ people, notes }))).toEqual([
      ['danger release-cascade note', 'previous'],
    ])
  })

  it('the next release no longer declares such a table', () => {
    expect(findings(tablesOf({ people, notes }), before)).toEqual([['danger release-cascade note', 'next']])
  })

  it('a reference gets an action that changes rows', () => {
    const plain = pgTable('note', {
      id: integer().primaryKey(),
      person: integer().references(() => people.id),
    })
    const releases = [tablesOf({ people, notes: plain }), tablesOf({ people, notes })] as const
    expect(findings(...releases)).toEqual([['danger release-cascade note', 'previous']])
  })

  it('a key is new or changes its type', () => {
    const keyed = pgTable('person', {
      id: integer().primaryKey(),
      slug: text().notNull().unique(),
      name: text(),
    })
    expect(findings(before, tablesOf({ people: keyed }))).toEqual([['danger release-key person', 'previous']])
    const retyped = pgTable('person', { id: text().primaryKey(), slug: text().notNull(), name: text() })
    expect(findings(before, tablesOf({ people: retyped }))).toEqual([
      ['danger release-key person', 'previous'],
      ['danger release-key person', 'next'],
    ])
  })

  it('the touches of a table change', () => {
    const next = tablesOf({ people, notes }, { people: { ttl: 1, touches: ['notes'] } })
    expect(findings(tablesOf({ people, notes }), next)).toEqual([
      ['danger release-touches person', 'previous'],
    ])
  })
})

it('a rolling deploy is safe if columns outside of keys or independent tables change', () => {
  const more = pgTable('person', { id: integer().primaryKey(), slug: text().notNull(), age: integer() })
  const alone = pgTable('setting', { id: integer().primaryKey() })
  expect(findings(before, tablesOf({ people: more, alone }))).toEqual([])
  expect(findings()).toEqual([])
})

it('the doctor compares the schema modules of two releases without a database', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'larder-releases-'))
  const testFolder = new URL('../../..', import.meta.url).pathname
  symlinkSync(join(testFolder, 'node_modules'), join(folder, 'node_modules'))
  const write = (name: string, more: string): string => {
    const file = join(folder, name)
    writeFileSync(
      file,
      `import { integer, pgTable } from 'drizzle-orm/pg-core'
       export const people = pgTable('person', { id: integer().primaryKey() })\n${more}`,
    )
    return file
  }
  const previous = write('previous.mjs', '')
  const next = write(
    'next.mjs',
    `export const notes = pgTable('note', { person: integer().references(() => people.id, { onDelete: 'cascade' }) })`,
  )
  const said: string[] = []
  const run = (...args: string[]) =>
    doctor(['doctor', ...args], {
      env: {},
      out: (line) => void said.push(line),
      err: (line) => void said.push(line),
    })
  expect(await run('--schema', next, '--previous', previous)).toBe(1)
  expect(said.join('\n')).toMatch(/note changes with person.*release-cascade/s)
  expect(await run('--schema', previous, '--previous', previous)).toBe(0)
  expect(await run('--previous', previous)).toBe(2)
  rmSync(folder, { recursive: true })
})
