import { sized } from '@larder/testing'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import type { EntryHeader } from '../../src/codec/envelope.ts'
import { decideFreshness, isUnchanged, observeTags, withResultCells } from '../../src/entry/observed-tags.ts'
import { noncesOf } from '../../src/entry/recorded-nonces.ts'
import { confirmTags, recordTags } from '../../src/entry/recorded-tags.ts'
import { createTokens } from '../../src/marks/finish.ts'
import { createJournal } from '../../src/marks/journal.ts'
import { createPendingWrites } from '../../src/marks/pending-writes.ts'
import { type WriteDeps, write } from '../../src/pipeline/write.ts'
import { createEvents } from '../../src/report/events.ts'
import type { GuardedStore } from '../../src/store/guard.ts'
import { createTagTable, type TagTable } from '../../src/store/memory-tags.ts'
import { type ReadTag, tagsOfRead } from '../../src/tags/read-tags.ts'
import { createTransaction } from '../../src/transaction/transaction.ts'
import { type Planned, planRead, planWrite } from './perform.ts'
import { type Scenario, scenario } from './scenario.ts'
import { otherView, schemaOf } from './simulated-schema.ts'
import { createEngine, type Database, type Engine, generate, type Value, Violation } from './simulator.ts'
import { space } from './tables.ts'

const CASES = sized(150, 6_000)
const nothingWritten: ReadonlySet<string> = new Set()

/** What the runs met: a property that never meets its case proves nothing. */
const met = {
  changed: 0,
  withoutList: 0,
  withResultCells: 0,
  spared: 0,
  unchanged: 0,
  transactions: 0,
  refused: 0,
}

interface Stored {
  readonly planned: Planned
  readonly tags: readonly ReadTag[]
  readonly header: EntryHeader
  readonly result: string
}

/** The statements' room: the memory store's own tags behind the real marks. */
function roomOver(tags: TagTable): Omit<WriteDeps, 'schema'> {
  const done = { ok: true, value: undefined } as const
  const store: Partial<GuardedStore> = {
    source: 'memory',
    mark: async (request) => {
      tags.mark(request)
      return done
    },
    renew: async () => done,
    silence: { has: () => false, watch: () => () => {} },
    finish: async (request) => {
      tags.finish(request)
      return done
    },
  }
  const clock = { ...systemClock, after: () => () => {} }
  const events = createEvents()
  const base = { clock, pendingWrites: createPendingWrites(), events, store: store as GuardedStore }
  return {
    ...base,
    journal: createJournal(base),
    newToken: createTokens(),
    renewals: { add() {}, remove() {} },
    rejecting: new Set(),
    space,
    awaitsFinish: true,
    longestLifetime: () => 60_000,
    through: () => undefined,
  }
}

const answer = (tags: TagTable, needed: readonly ReadTag[]) => ({
  epoch: 'e',
  entry: null,
  tags: needed.map((tag) => tags.read(tag)),
})

function fetched(tags: TagTable, needed: readonly ReadTag[]) {
  return observeTags(needed, answer(tags, needed), nothingWritten)
}

/** Reads before the writes, as entries: their results and what they recorded. */
function storedReads(
  tags: TagTable,
  engine: Engine,
  db: Database,
  reads: Scenario['reads'],
): readonly Stored[] {
  return reads.map((read) => {
    const planned = planRead(engine, read, db)
    const needed = tagsOfRead(space, engine.schema, planned.occurrences, [])
    for (const tag of needed) tags.seed(tag)
    const result = planned.run(db)
    const before = fetched(tags, needed)
    const recorded = recordTags(needed, before, result) ?? { tags: [], resultCells: [] }
    const all = withResultCells(needed, recorded.resultCells)
    for (const tag of all) tags.seed(tag)
    const after = answer(tags, all)
    const recordedTags = confirmTags(recorded, {
      tags: all,
      before,
      epoch: 'e',
      after,
      writing: nothingWritten,
    })
    expect(recordedTags?.length, 'nothing is written yet, so every read can be stored').toBe(needed.length)
    const header = { epoch: 'e', tags: recordedTags ?? [] } as unknown as EntryHeader
    return { planned, tags: all, header, result: JSON.stringify(result) }
  })
}

/** Three parents, and children and notes that refer to rows there are. */
function startingRows(engine: Engine, rows: Scenario['rows']): Database {
  const codes = ['a', 'b', 'ß']
  const parents = codes.map((code, at) => ({
    code,
    id: at + 1,
    region: at < 2 ? 1 : 2,
    slot: at === 1 ? 2 : 1,
  }))
  let db: Database = new Map([
    ['parent', parents.map((parent) => generate({ ...parent, alias: null, size: 0 }))],
  ])
  for (const [index, { table, row }] of rows.entries()) {
    const definition = engine.schema.tables.get(table)
    const full: Record<string, Value> = { ...parents[index % 3] }
    for (const { name } of definition?.columns ?? []) full[name] ??= row[name]?.value ?? null
    if (table !== 'parent') full.id = (db.get(table)?.length ?? 0) + 1
    full.grade ??= 1
    for (const key of definition?.foreignKeys ?? []) {
      const parent = db.get(key.table)?.[Number(row[key.columns[0] ?? '']?.value ?? 9) - 1]
      for (const [at, name] of key.columns.entries()) full[name] = parent?.[key.references[at] ?? ''] ?? null
    }
    const columnsOfRow = Object.fromEntries(
      (definition?.columns ?? []).map(({ name }) => [name, full[name] ?? null]),
    )
    try {
      db = engine.commit(db, engine.insert(db, table, [columnsOfRow]))
    } catch (error) {
      if (!(error instanceof Violation)) throw error
    }
  }
  return db
}

/** Runs the statements as the scenario says: each alone, or all in one transaction. */
async function perform(
  history: Scenario,
  engine: Engine,
  tags: TagTable,
  state: { db: Database },
): Promise<void> {
  const room = roomOver(tags)
  const schemas = [engine.schema, otherView(engine.schema, history.drop)]
  const started = state.db
  const transaction = history.mode === 'alone' ? undefined : createTransaction(room, history.mode)
  for (const statement of history.statements) {
    const schema = schemas[statement.client] ?? engine.schema
    try {
      await write({ ...room, schema }, planWrite(engine, statement, state), transaction)
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      met.refused++
      if (!transaction) continue
      state.db = started
      return transaction.end('failed')
    }
  }
  await transaction?.seal()
  await transaction?.end('committed')
  if (transaction) met.transactions++
}

async function check(scenario: Scenario): Promise<void> {
  const engine = createEngine(schemaOf(scenario.shape), scenario.caseInsensitive)
  let last = 0
  const tags = createTagTable(() => `n${++last}`, 10_000)
  const state = { db: startingRows(engine, scenario.rows) }
  const stored = storedReads(tags, engine, state.db, scenario.reads)
  await perform(scenario, engine, tags, state)
  for (const entry of stored) {
    const sight = { remaining: 1, belongsToRead: true, epoch: 'e', nonces: noncesOf(entry.header) }
    const fresh = decideFreshness(sight, fetched(tags, entry.tags), 'e').kind === 'hit'
    const unchanged = isUnchanged(sight, entry.tags, answer(tags, entry.tags), nothingWritten)
    expect(unchanged, 'both checks of an entry agree').toBe(fresh)
    const now = JSON.stringify(entry.planned.run(state.db))
    const listed = entry.header.tags.some((tag) => tag.fields.some(([name]) => name === 'list'))
    if (now !== entry.result) {
      met.changed++
      if (!listed) met.withoutList++
      if (entry.header.tags.some(({ resultCells }) => resultCells.length)) met.withResultCells++
      expect(fresh, `stale: was ${entry.result}, is ${now}`).toBe(false)
    } else {
      met.unchanged++
      if (fresh) met.spared++
    }
  }
}

describe('soundness of the tags', () => {
  it('a write that changes the result of a read invalidates its entry', async () => {
    await fc.assert(fc.asyncProperty(scenario, check), { numRuns: CASES })
  })

  afterAll(() => {
    // Each of these is a way the property could hold for nothing.
    expect(met.changed).toBeGreaterThan(CASES)
    expect(met.withoutList).toBeGreaterThan(CASES / 2)
    expect(met.withResultCells).toBeGreaterThan(CASES / 8)
    expect(met.transactions).toBeGreaterThan(CASES / 10)
    expect(met.spared).toBeGreaterThan(met.unchanged / 4)
  })
})
