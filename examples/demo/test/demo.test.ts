import { readFile } from 'node:fs/promises'
import { valkeyUrl } from '@larder/testing'
import { describe, expect, it } from 'vitest'
import { cachedStrikes, FOUR_LINES } from '../src/cached.ts'
import { openDatabase } from '../src/database.ts'
import { runDemo } from '../src/demo.ts'
import { runLoad } from '../src/load.ts'
import { normalise } from '../src/normalise.ts'
import { readRecords } from '../src/records.ts'
import { createScreen } from '../src/screen.ts'
import { seed } from '../src/seed.ts'
import { createShadow } from '../src/shadow.ts'
import { choosePlace } from '../src/store.ts'
import { strikesOf } from '../src/strikes.ts'
import { workload } from '../src/workload.ts'

// PGlite takes its time to start on a busy machine.
describe('the demo', () => {
  it.each([
    ['in memory', async () => ({}), 'memory'],
    ['on a Valkey server', async () => ({ VALKEY_URL: await valkeyUrl() }), 'store'],
  ])('reads mostly from the cache and finds no stale read, with the cache %s', async (_, env, source) => {
    const place = choosePlace(await env())
    const { rows, seeded, without, cached, sources } = await runDemo({
      screen: createScreen({ write: () => true }, {}),
      place,
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
    const { memory, store, database, stale } = sources!
    expect([memory + store + database, stale]).toEqual([cached?.reads, 0])
    expect(memory + store).toBe(Math.round(cached!.keptOff * cached!.reads))
    // Over a server the memory tier may answer all, having asked the server whether it may.
    expect(place.store.source).toBe(source)
  })

  it('refuses a server that does not answer with the reason, without its password', async () => {
    const { store, ready } = choosePlace({ VALKEY_URL: 'redis://user:secret@127.0.0.1:1' })
    try {
      const refusal = ready()
      await expect(refusal).rejects.toMatchObject({ code: 'LARDER_STORE' })
      await expect(refusal).rejects.not.toThrow(/secret/)
    } finally {
      await store.close()
    }
  })

  it('shares nothing between two runs on one server', async () => {
    const env = { VALKEY_URL: await valkeyUrl() }
    const places = [choosePlace(env), choosePlace(env)]
    expect(places[0]?.namespace).not.toBe(places[1]?.namespace)
    for (const place of places) {
      expect(place.description).toContain(`'${place.namespace}:'`)
      await place.store.close()
    }
  })

  it('finds the stale reads caused by writes that bypass the cache', async () => {
    const catalogue = normalise((await readRecords()).slice(0, 50))
    const { signal } = new AbortController()
    const { prisma, outsider, statements, close } = await openDatabase()
    const { strikes, cache } = cachedStrikes(prisma, choosePlace({}))
    try {
      await seed(prisma, catalogue, { signal, onProgress: () => {} })
      const { stale } = await runLoad({
        strikes: { read: strikes.read, write: strikesOf(outsider()).write },
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

  it('ends with the rows written so far if it is aborted while seeding', async () => {
    const stop = new AbortController()
    const write = (text: string): void => {
      if (text.startsWith('Seeding')) stop.abort()
    }
    const screen = createScreen({ write }, {})
    const place = choosePlace({})
    const { signal } = stop
    const outcome = await runDemo({ screen, place, signal, rows: 3000, operations: 10, limit: 1000 })
    expect(outcome).toMatchObject({ rows: 3000, seeded: 1000 })
    expect(outcome.without).toBeUndefined()
  })

  it('prints the lines that it runs', async () => {
    const source = await readFile(new URL('../src/cached.ts', import.meta.url), 'utf8')
    expect(source).toContain(FOUR_LINES.map((line) => `  ${line}\n`).join(''))
    expect(Math.max(...FOUR_LINES.map((line) => line.length))).toBeLessThanOrEqual(60)
  })
})
