import { describe, expect, it } from 'vitest'
import { createMeter, percentile } from '../src/measure.ts'
import { bar, startProgress } from '../src/progress.ts'
import { createScreen, type Screen } from '../src/screen.ts'
import { tellAfter, tellBefore } from '../src/story.ts'
import { table } from '../src/table.ts'

function captured(
  env: NodeJS.ProcessEnv = {},
  terminal: { isTTY?: boolean; columns?: number } = {},
): { screen: Screen; text: () => string; widest: () => number } {
  let text = ''
  const output = {
    ...terminal,
    write(more: string) {
      text += more
    },
  }
  const widest = (): number => Math.max(...text.split(/[\n\r]/).map((line) => line.length))
  return { screen: createScreen(output, env), text: () => text, widest }
}

function measured(reads: number): ReturnType<ReturnType<typeof createMeter>['stop']> {
  let now = 0
  const meter = createMeter(() => now)
  for (let i = 0; i < reads; i++) {
    now += 100
    meter.read({ took: i + 1, statements: i % 2 === 0 ? 0 : 10, fresh: true })
  }
  return meter.stop()
}

describe('percentile', () => {
  it('uses the nearest rank', () => {
    const sorted = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    expect([0, 50, 51, 95, 100].map((percent) => percentile(sorted, percent))).toEqual([1, 5, 6, 10, 10])
    expect(percentile([7], 99)).toBe(7)
    expect(percentile([], 50)).toBe(0)
  })
})

describe('the meter', () => {
  it('counts reads without SQL as answered by the cache, and computes rates over the whole run', () => {
    expect(measured(10)).toMatchObject({
      reads: 10,
      elapsed: 1000,
      readsPerSecond: 10,
      statements: 50,
      statementsPerSecond: 50,
      keptOff: 0.5,
      stale: 0,
      p50: 5,
    })
  })

  it('shows zeros for a run without a read', () => {
    expect(createMeter(() => 0).stop()).toMatchObject({ reads: 0, readsPerSecond: 0, keptOff: 0, p99: 0 })
  })
})

describe('the table', () => {
  const big = { ...measured(1000), readsPerSecond: 1_234_567, statements: 123_456_789, p99: 12_345.67 }

  it.each([60, 76])('fits %i columns side by side', (width) => {
    const lines = table(big, big, width)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
    expect(lines.find((line) => line.includes('stale'))).toMatch(/stale reads found +0 +0$/)
  })

  it('places the runs below each other if they do not fit', () => {
    const lines = table(big, big, 30)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(30)
    expect(lines).toContain('reads per second')
    expect(lines.filter((line) => line.includes('1,234,567'))).toHaveLength(2)
  })

  it('shows a dash for a run that did not begin', () => {
    expect(table(big, undefined, 60).at(-1)).toMatch(/stale reads found +0 +–$/)
  })
})

describe('the screen', () => {
  const outcome = { rows: 10_000, seeded: 10_000, without: measured(1000), cached: measured(900) }

  it.each([
    [{ COLUMNS: '60' }, {}, 60],
    [{ COLUMNS: '60' }, { isTTY: true, columns: 200 }, 60],
    [{ COLUMNS: '200' }, { isTTY: true, columns: 60 }, 60],
    [{ COLUMNS: 'wide' }, {}, 76],
    [{}, { isTTY: true, columns: 200 }, 76],
  ])('with %o and %o has no line over %i columns', (env, terminal, most) => {
    const { screen, widest } = captured({ ...env, NO_COLOR: '1' }, terminal)
    tellBefore(screen, 25, 'the memory of this process')
    tellAfter(screen, outcome, false)
    expect(widest()).toBeLessThanOrEqual(most)
  })

  it('works at any width', () => {
    for (const columns of ['1', '0', '-5', '20', '39']) {
      const { screen, text } = captured({ COLUMNS: columns })
      tellBefore(screen, 25, 'the memory of this process')
      tellAfter(screen, outcome, false)
      expect(text()).toContain('stale reads found')
    }
  })

  it('shows which store is used and how reads were answered', () => {
    const { screen, text } = captured()
    tellBefore(screen, 25, 'the server at VALKEY_URL.')
    const sources = { memory: 1234, store: 56, database: 78, stale: 0 }
    tellAfter(screen, { ...outcome, sources }, false)
    const said = text().replace(/\s+/g, ' ')
    expect(said).toContain('Cache: the server at VALKEY_URL.')
    expect(said).toContain(
      '1,234 reads were answered from memory, 56 from the server that keeps the cache, 78 from',
    )
  })

  it('reports a stale read as a bug', () => {
    const { screen, text } = captured()
    tellAfter(screen, { ...outcome, cached: { ...outcome.cached, stale: 3 } }, false)
    expect(text().replace(/\s+/g, ' ')).toContain('must be 0 and are 3')
  })

  it('shows which part is missing after an interruption', () => {
    const early = captured()
    tellAfter(early.screen, { rows: 10_000, seeded: 1500 }, true)
    expect(early.text()).toContain('Interrupted after 1,500 of 10,000 rows')
    const late = captured()
    tellAfter(late.screen, { rows: 10_000, seeded: 10_000, without: measured(10) }, true)
    expect(late.text()).toMatch(/reads +10 +–/)
  })
})

describe('the progress display', () => {
  const run = (made: ReturnType<typeof captured>): string => {
    const progress = startProgress(made.screen, 'Seeding', 100, (done) => `${done} rows`)
    for (let done = 0; done <= 100; done += 5) progress.at(done)
    progress.end()
    return made.text()
  }

  it.each([
    ['not a terminal', {}, {}],
    ['NO_COLOR', { NO_COLOR: '1' }, { isTTY: true, columns: 80 }],
    ['a dumb terminal', { TERM: 'dumb' }, { isTTY: true, columns: 80 }],
  ])('is a few plain lines: %s', (_, env, terminal) => {
    expect(run(captured(env, terminal)).split('\n')).toEqual([
      'Seeding  25% 25 rows',
      'Seeding  50% 50 rows',
      'Seeding  75% 75 rows',
      'Seeding 100% 100 rows',
      '',
    ])
  })

  it('is one line redrawn in place on a terminal', () => {
    const text = run(captured({}, { isTTY: true, columns: 60 }))
    expect(text.split('\n')).toHaveLength(2)
    expect(text).toContain('\r')
    expect(text).toContain('[##############################] 100% 100 rows\n')
  })

  it.each([1, 10, 25, 40, 60, 200])('is shorter than a terminal of %i columns', (width) => {
    const { screen, widest } = captured({}, { isTTY: true, columns: width })
    screen.redraw(bar(screen.width(), 'Seeding', 0.5, '5,000 rows'))
    // The code that clears the line takes three places in the text and none on the screen.
    expect(widest() - 3).toBeLessThan(width)
  })
})
