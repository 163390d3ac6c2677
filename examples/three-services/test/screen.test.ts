import { describe, expect, it } from 'vitest'
import type { BoardMeasured } from '../src/board-load.ts'
import { createMeter, percentile } from '../src/measure.ts'
import { bar, startProgress } from '../src/progress.ts'
import { tellAfter, tellBefore } from '../src/story.ts'
import { faults, type Outcome, table } from '../src/table.ts'
import { type Captured, captured } from './captured.ts'

function measured(changes: object = {}): NonNullable<Outcome['cached']> {
  let [now, statements] = [0, 0]
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

const board: BoardMeasured = {
  ...{ writesPerSecond: 500, readsPerSecond: 100, lags: [1, 2, 3], lagP50: 2, lagP99: 3, lagMax: 3 },
  failed: 0,
}
const outcome: Outcome = {
  servers: 'PGlite, memory store',
  without: measured(),
  cached: measured({ readsPerSecond: 1_234_567 }),
  board,
}
const written = { interrupted: false, report: { file: 'report.html' } }

it('a percentile is the nearest rank', () => {
  const sorted = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
  expect([0, 50, 51, 95, 100].map((percent) => percentile(sorted, percent))).toEqual([1, 5, 6, 10, 10])
  expect([percentile([7], 99), percentile([], 50)]).toEqual([7, 0])
})

it('the meter counts by whole seconds and computes rates over the whole run', () => {
  expect(measured()).toMatchObject({
    reads: 30,
    readsPerSecond: 10,
    statementsPerSecond: 20,
    p50: 15,
    p95: 29,
    seconds: [{ reads: 9 }, { reads: 10 }, { reads: 10 }],
  })
})

it.each([30, 60])('the table fits %i columns', (width) => {
  const lines = table(outcome, width)
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
  expect(lines.join('\n')).toContain('99.9%')
})

describe('the screen', () => {
  it.each([
    [{ COLUMNS: '60' }, {}, 60],
    [{ COLUMNS: '60' }, { isTTY: true, columns: 200 }, 60],
    [{ COLUMNS: '200' }, { isTTY: true, columns: 60 }, 60],
    [{ COLUMNS: 'wide' }, {}, 76],
    [{}, { isTTY: true, columns: 200 }, 76],
  ])('with %o and %o has no line over %i columns', (env, terminal, most) => {
    const { screen, widest } = captured({ ...env, NO_COLOR: '1' }, terminal)
    tellBefore(screen, { shop: 20, board: 10 })
    tellAfter(screen, outcome, written)
    expect(widest()).toBeLessThanOrEqual(most)
  })

  it('works at any width', () => {
    for (const columns of ['1', '0', '-5', '20', '39']) {
      const { screen, text } = captured({ COLUMNS: columns })
      tellBefore(screen, { shop: 20, board: 10 })
      tellAfter(screen, outcome, written)
      expect(text()).toContain('stale reads')
    }
  })

  it('names each count that must be zero and is not', () => {
    const wrong = {
      servers: 'x',
      without: measured({ failed: 2 }),
      cached: measured({ stale: 1, oversold: 3 }),
    }
    expect(faults(wrong)).toEqual(['1 stale reads', '3 pieces oversold', '2 failed requests'])
    const { screen, text } = captured()
    tellAfter(screen, wrong, written)
    expect(text()).toContain('there are 3 pieces oversold')
  })

  it('shows which part is missing after an interruption', () => {
    const { screen, text } = captured()
    tellAfter(screen, { servers: 'x', without: measured() }, { ...written, interrupted: true })
    expect(text()).toContain('Interrupted. This is what was measured until then.')
    expect(text()).toMatch(/reads per second +10 +–/)
  })
})

describe('the progress display', () => {
  const run = ({ screen, text }: Captured): string => {
    const progress = startProgress(screen, 'Without cache')
    for (let done = 0; done <= 100; done += 5) progress.at(done / 100)
    progress.end()
    return text()
  }

  it.each([
    ['not a terminal', {}, {}],
    ['NO_COLOR', { NO_COLOR: '1' }, { isTTY: true, columns: 80 }],
    ['a dumb terminal', { TERM: 'dumb' }, { isTTY: true, columns: 80 }],
  ])('is a few plain lines: %s', (_, env, terminal) => {
    expect(run(captured(env, terminal)).split('\n')).toEqual([
      'Without cache  25%',
      'Without cache  50%',
      'Without cache  75%',
      'Without cache 100%',
      '',
    ])
  })

  it('is one line redrawn in place on a terminal', () => {
    const text = run(captured({}, { isTTY: true, columns: 60 }))
    expect(text.split('\n')).toHaveLength(2)
    expect(text).toContain('\r')
    expect(text).toContain('[##############################] 100%\n')
  })

  it.each([1, 10, 25, 40, 60, 200])('is shorter than a terminal of %i columns', (width) => {
    const { screen, widest } = captured({}, { isTTY: true, columns: width })
    screen.redraw(bar(screen.width(), 'Without cache', 0.5))
    // The code that clears the line takes three places in the text and none on the screen.
    expect(widest() - 3).toBeLessThan(width)
  })
})
