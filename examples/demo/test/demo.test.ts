import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { cachedStrikes, THREE_LINES } from '../src/cached.ts'
import { openDatabase } from '../src/database.ts'
import { runDemo } from '../src/demo.ts'
import { runLoad } from '../src/load.ts'
import { normalise } from '../src/normalise.ts'
import { readRecords } from '../src/records.ts'
import { createScreen } from '../src/screen.ts'
import { seed } from '../src/seed.ts'
import { createShadow } from '../src/shadow.ts'
import { strikesOf } from '../src/strikes.ts'
import { workload } from '../src/workload.ts'

// PGlite takes its time to start on a busy machine.
describe('the demo', { timeout: 120_000 }, () => {
  it('keeps reads off the database and finds no stale read', async () => {
    const { rows, seeded, without, cached } = await runDemo({
      screen: createScreen({ write: () => true }, {}),
      signal: new AbortController().signal,
      rows: 300,
      operations: 400,
      limit: 60_000,
    })
    expect([rows, seeded]).toEqual([300, 300])
    expect(without?.operations).toBe(400)
    expect(cached).toMatchObject({ operations: 400, reads: without?.reads, writes: without?.writes })
    expect([without?.stale, cached?.stale]).toEqual([0, 0])
    expect(without?.writes).toBeGreaterThan(0)
    // Ten tables, ten statements.
    expect(without?.statements).toBe(10 * without!.reads + without!.writes)
    expect(without?.keptOff).toBe(0)
    expect(cached?.keptOff).toBeGreaterThan(0.5)
    expect(cached?.statements).toBeLessThan(without!.statements / 2)
  })

  it('finds the stale reads of writes that go past the cache', async () => {
    const catalogue = normalise((await readRecords()).slice(0, 50))
    const { signal } = new AbortController()
    const { prisma, statements, close } = await openDatabase()
    const { strikes, cache } = cachedStrikes(prisma)
    try {
      await seed(prisma, catalogue, { signal, onProgress: () => {} })
      const { stale } = await runLoad({
        strikes: { read: strikes.read, write: strikesOf(prisma).write },
        operations: workload({ rows: 50, seed: 1, skew: 1, writeShare: 0.1 }),
        shadow: createShadow(catalogue),
        statements,
        most: 200,
        limit: 60_000,
        signal,
      })
      expect(stale).toBeGreaterThan(5)
    } finally {
      await cache.close()
      await close()
    }
  })

  it('ends with the rows written so far when it is aborted while seeding', async () => {
    const stop = new AbortController()
    const write = (text: string): void => {
      if (text.startsWith('Seeding')) stop.abort()
    }
    const screen = createScreen({ write }, {})
    const outcome = await runDemo({ screen, signal: stop.signal, rows: 3000, operations: 10, limit: 1000 })
    expect(outcome).toMatchObject({ rows: 3000, seeded: 1000 })
    expect(outcome.without).toBeUndefined()
  })

  it('prints the three lines that it runs', async () => {
    const source = await readFile(new URL('../src/cached.ts', import.meta.url), 'utf8')
    expect(source).toContain(THREE_LINES.map((line) => `  ${line}\n`).join(''))
    expect(Math.max(...THREE_LINES.map((line) => line.length))).toBeLessThanOrEqual(60)
  })
})
