import { createDatabase, postgresUrl, repeatWhenBusy, sized, valkeyUrl } from '@larder/testing'
import { describe, expect, it } from 'vitest'
import { runDemo } from '../src/demo.ts'
import { report } from '../src/report.ts'
import { tellAfter } from '../src/story.ts'
import { faults, type Outcome } from '../src/table.ts'
import { captured } from './captured.ts'

repeatWhenBusy()

const run = (env: Record<string, string>, signal: AbortSignal, out = captured()): Promise<Outcome> =>
  runDemo({ screen: out.screen, env, signal, shopLimit: 60_000, boardLimit: 500, most: sized(150, 400) })

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
    const out = captured()
    const ending = run({ LARDER_TEST_SERVER: process.env.LARDER_TEST_SERVER ?? '' }, stop.signal, out)
    setTimeout(() => stop.abort(), 100)
    const outcome = await ending
    expect(outcome.board).toBeUndefined()
    expect(outcome.cached).toBeUndefined()
    expect(outcome.servers).toBe('PGlite, memory store')
    tellAfter(out.screen, outcome, { interrupted: true, report: undefined })
    expect(out.text()).toContain('Interrupted.')
  })
})
