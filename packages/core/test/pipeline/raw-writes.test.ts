import { describe, expect, it, test } from 'vitest'
import type { UnknownWrites } from '../../src/options/config.ts'
import { createRawChanges } from '../../src/pipeline/raw-writes.ts'
import type { Schema, Table } from '../../src/plan/table.ts'
import { createEvents } from '../../src/report/events.ts'
import { createSqlParser } from '../../src/sql/parser.ts'

const table = (name: string, reads: readonly string[] = []): [string, Table] => [
  name,
  { name, columns: [], keys: [], foreignKeys: [], touches: [], reads },
]
const schema: Schema = {
  tables: new Map([
    table('a'),
    table('b'),
    table('view_of_a', ['A']),
    table('view_of_view', ['view_of_a']),
    table('blind'),
    table('view_of_blind', ['blind']),
    table('view_of_strange', ['strange']),
  ]),
}
const EVERYTHING = [...schema.tables.keys()]

function changesUnder(unknownWrites: UnknownWrites, parsed = true) {
  const events = createEvents()
  const rawEvents: unknown[] = []
  events.on('unknown-write', (event) => rawEvents.push(event))
  const parser = parsed
    ? createSqlParser(
        () => import('libpg-query'),
        () => {},
      )
    : undefined
  const changes = createRawChanges({
    events,
    unknownWrites,
    schema,
    undeclaredViews: new Set(['blind']),
    parser,
  })
  const write = (text: string) => ({
    operation: '$executeRaw',
    text,
    shown: `shown ${text}`,
    instead: 'use x',
  })
  const names = (changes: readonly { table: string; effect: string }[]): readonly string[] => {
    expect(changes.every(({ effect }) => effect === 'unknown')).toBe(true)
    return changes.map((change) => change.table)
  }
  return {
    rawEvents,
    of: async (text: string) => names(await changes.of(write(text))),
    now: (text: string) => {
      const result = changes.now(write(text))
      return result && names(result)
    },
  }
}

const parsedWrites: [text: string, tables: string[]][] = [
  ['UPDATE a SET x = 1', ['a']],
  ['WITH x AS (DELETE FROM "A" RETURNING *) INSERT INTO s.b SELECT * FROM x', ['a', 'b']],
  ['UPDATE view_of_a SET x = 1', ['view_of_a']],
  ['DELETE FROM view_of_view', ['view_of_view']],
]

/** What such a write names besides the tables of the client. */
const unknown: [text: string, besides: string[]][] = [
  ['UPDATE a SET x = reprice(1)', []],
  ['TRUNCATE a CASCADE', []],
  ['DO $$ BEGIN DELETE FROM a; END $$', []],
  ['INSERT INTO a_2024 VALUES (1)', ['a_2024']],
  ['UPDATE a SET x = 1; DELETE FROM strange', ['strange']],
  ['UPDATE blind SET x = 1', []],
  ['UPDATE view_of_blind SET x = 1', []],
  ['UPDATE view_of_strange SET x = 1', []],
  ['LOCK TABLE a', []],
  ['TABLE a', []],
  ['nonsense', []],
]

describe('a raw write invalidates', () => {
  test.each(parsedWrites)('the tables that the parser finds: %s', async (text, tables) => {
    for (const unknownWrites of ['invalidate', 'event', 'throw'] as const) {
      const { of, rawEvents } = changesUnder(unknownWrites)
      expect([...(await of(text))].sort()).toEqual(tables)
      expect(rawEvents).toEqual([])
    }
  })

  test.each(unknown)('every table of the client and any other table it names: %s', async (text, besides) => {
    const { of, rawEvents } = changesUnder('invalidate')
    expect(await of(text)).toEqual([...EVERYTHING, ...besides])
    expect(rawEvents).toEqual([{ operation: '$executeRaw', sql: `shown ${text}` }])
  })

  test.each(unknown)("nothing with unknownWrites: 'event', and is refused with 'throw': %s", async (text) => {
    const { of, rawEvents } = changesUnder('event')
    expect(await of(text)).toEqual([])
    expect(rawEvents).toHaveLength(1)
    await expect(changesUnder('throw').of(text)).rejects.toMatchObject({
      code: 'LARDER_UNKNOWN_WRITE',
      message: expect.stringContaining(': use x, or set unknownWrites'),
    })
  })

  it('every table if there is no parser', async () => {
    const { of, now, rawEvents } = changesUnder('invalidate', false)
    expect(await of('UPDATE a SET x = 1')).toEqual(EVERYTHING)
    expect(now('UPDATE a SET x = 1')).toEqual(EVERYTHING)
    expect(rawEvents).toHaveLength(2)
    expect(() => changesUnder('throw', false).now('UPDATE a SET x = 1')).toThrow(/cannot determine/)
  })

  it('every table if the statement is synchronous and the parser is not loaded', async () => {
    const { of, now, rawEvents } = changesUnder('invalidate')
    expect(now('UPDATE a SET x = 1')).toEqual(EVERYTHING)
    expect(rawEvents).toHaveLength(1)
    await of('UPDATE b SET x = 1')
    expect(now('UPDATE a SET x = 1')).toEqual(['a'])
    expect(rawEvents).toHaveLength(1)
  })

  it('the parsed tables without a promise once the parser is loaded, and with one before', async () => {
    const changes = createRawChanges({
      events: createEvents(),
      unknownWrites: 'throw',
      schema,
      undeclaredViews: new Set(),
      parser: createSqlParser(
        () => import('libpg-query'),
        () => {},
      ),
    })
    const write = { operation: 'execute', text: 'UPDATE a SET x = 1', instead: 'use x' }
    const first = changes.soon(write)
    expect(first).toBeInstanceOf(Promise)
    expect(await first).toEqual([{ table: 'a', effect: 'unknown' }])
    expect(changes.soon(write)).toEqual([{ table: 'a', effect: 'unknown' }])
  })

  it("nothing with unknownWrites: 'throw' before the parser is loaded, instead of being refused", async () => {
    const { of, now } = changesUnder('throw')
    expect(now('UPDATE a SET x = 1')).toBeUndefined()
    await of('UPDATE b SET x = 1')
    expect(now('UPDATE a SET x = 1')).toEqual(['a'])
    expect(() => now('nonsense')).toThrow(/cannot determine/)
  })
})
