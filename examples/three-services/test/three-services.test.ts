import { createDatabase, postgresUrl, repeatWhenBusy, valkeyUrl } from '@larder/testing'
import { describe, expect, it } from 'vitest'
import { createScreen } from '../../demo/src/screen.ts'
import { runDemo } from '../src/demo.ts'
import { createMeter } from '../src/measure.ts'
import { report } from '../src/report.ts'
import { tellAfter } from '../src/story.ts'
import { faults, type Outcome, table } from '../src/table.ts'

repeatWhenBusy()

function screen(): { screen: ReturnType<typeof createScreen>; text: () => string } {
  let text = ''
  const write = (more: string): void => {
    text += more
  }
  return { screen: createScreen({ write }, {}), text: () => text }
}

const run = (env: Record<string, string>, signal: AbortSignal, out = screen()): Promise<Outcome> =>
  runDemo({ screen: out.screen, env, signal, shopLimit: 60_000, boardLimit: 500, most: 400 })

describe('the demo of three services', () => {
  it('on PostgreSQL and Valkey, the cache sends less SQL for each read, and nothing is stale, oversold or failed', async () => {
    const database = await createDatabase(await postgresUrl())
    try {
      const env = { DATABASE_URL: database.url, VALKEY_URL: await valkeyUrl() }
      const outcome = await run(env, new AbortController().signal)
      const { without, cached, board } = outcome
      expect(faults(outcome)).toEqual([])
      expect(without).toMatchObject({ keptOff: 0 })
      expect(cached?.keptOff).toBeGreaterThan(0.2)
      const perRead = (run: typeof cached): number => run!.statements / run!.reads
      expect(perRead(without)).toBeGreaterThan(4)
      expect(perRead(cached)).toBeLessThan(0.8 * perRead(without))
      expect(without?.writes).toBeGreaterThan(0)
      expect(board?.lags.length).toBe(5)

      const html = report(outcome, new Date(0))
      // One file, without scripts and without anything to fetch.
      expect(html).not.toMatch(/<script|<link|src=|url\(|http/)
      expect(html).toContain('1970-01-01 00:00 UTC')
      expect(html.match(/<polyline/g)).toHaveLength(5)
    } finally {
      await database.drop()
    }
  })

  it('embedded and interrupted, it ends with the measurements so far', async () => {
    const stop = new AbortController()
    const out = screen()
    const ending = run({ LARDER_TEST_SERVER: process.env.LARDER_TEST_SERVER ?? '' }, stop.signal, out)
    setTimeout(() => stop.abort(), 100)
    const outcome = await ending
    expect(outcome.board).toBeUndefined()
    expect(outcome.cached).toBeUndefined()
    expect(outcome.servers).toBe('PGlite, memory store')
    tellAfter(out.screen, outcome, { interrupted: true, file: 'report.html' })
    expect(out.text()).toContain('Interrupted.')
  })
})

describe('the report', () => {
  function measured(changes: object = {}): NonNullable<Outcome['cached']> {
    let now = 0
    let statements = 0
    const meter = createMeter(
      () => statements,
      () => now,
    )
    for (let read = 1; read <= 30; read++) {
      now += 100
      statements += 2
      meter.read(read, true)
    }
    return { ...meter.stop({ keptOff: 0.9996, oversold: 0 }), ...changes }
  }

  it('counts by whole seconds and computes rates over the whole run', () => {
    expect(measured()).toMatchObject({
      reads: 30,
      readsPerSecond: 10,
      statementsPerSecond: 20,
      p50: 15,
      p95: 29,
      seconds: [{ reads: 9 }, { reads: 10 }, { reads: 10 }],
    })
  })

  it.each([30, 60])('fits its table into %i columns', (width) => {
    const outcome = { servers: 'x', without: measured(), cached: measured({ readsPerSecond: 1_234_567 }) }
    const lines = table(outcome, width)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
    expect(lines.join('\n')).toContain('99.9%')
  })

  it('names each count that must be zero and is not', () => {
    const outcome = {
      servers: 'x',
      without: measured({ failed: 2 }),
      cached: measured({ stale: 1, oversold: 3 }),
    }
    expect(faults(outcome)).toEqual(['1 stale reads', '3 pieces oversold', '2 failed requests'])
    const out = screen()
    tellAfter(out.screen, outcome, { interrupted: false, file: 'report.html' })
    expect(out.text()).toContain('there are 3 pieces oversold')
  })
})
