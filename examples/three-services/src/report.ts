import { cpus } from 'node:os'
import { READS_PER_SECOND, WRITES_PER_SECOND } from './board-load.ts'
import { bars, lines, type Series } from './charts.ts'
import type { Measured } from './measure.ts'
import { VISITORS } from './shop-load.ts'
import { STYLE } from './style.ts'
import { boardRows, milliseconds, type Outcome, percent, perRead, shopRows } from './table.ts'
import { PIECES, SCARCE, WRITES } from './workload.ts'

/** The whole run as one HTML file that needs no other. */
export function report(outcome: Outcome, date: Date): string {
  const { without, cached } = outcome
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Three services, one database: with and without Larder</title>
<style>${STYLE}</style>
<main>
<h1>Three services, one database</h1>
<p class="lead">The same load, without and with Larder. ${date.toISOString().slice(0, 16).replace('T', ' ')} UTC, on ${outcome.servers},
Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'an unknown processor'}.</p>
${tiles(outcome)}
${tables(outcome)}
${without && cached ? `<section class="columns">${charts(without, cached)}${boardChart(outcome)}</section>` : ''}
${method()}
</main>
</html>
`
}

function tiles({ without, cached, board }: Outcome): string {
  if (!without || !cached) return ''
  const tile = (value: string, label: string): string => `<div><b>${value}</b><span>${label}</span></div>`
  return `<section class="tiles">${[
    tile(perRead(cached), `SQL statements per read; ${perRead(without)} without`),
    tile(percent(cached.keptOff), 'of queries kept off the database'),
    tile(`${(cached.readsPerSecond / without.readsPerSecond).toFixed(1)} ×`, 'the reads per second'),
    tile(String(cached.stale), `stale of ${cached.reads.toLocaleString('en-US')} reads`),
    tile(String(cached.oversold), 'pieces oversold'),
    ...(board ? [tile(milliseconds(board.lagP99), 'until a score shows (p99)')] : []),
  ].join('')}</section>`
}

function tables(outcome: Outcome): string {
  const cells = (values: readonly string[]): string =>
    values.map((value, at) => (at === 0 ? `<th>${value}</th>` : `<td>${value}</td>`)).join('')
  const rows = shopRows(outcome).map((row) => `<tr>${cells(row)}</tr>`)
  const board = boardRows(outcome).map((row) => `<tr>${cells(row)}</tr>`)
  return `<section class="columns"><div><h2>Catalogue and inventory</h2>
<table><thead><tr><th></th><td>without</td><td>with cache</td></tr></thead><tbody>${rows.join('')}</tbody></table></div>
<div><h2>Leaderboard</h2>${
    board.length > 0
      ? `<table><tbody>${board.join('')}</tbody></table>`
      : '<p>Not measured: there was no Valkey, or the run was interrupted.</p>'
  }</div></section>`
}

function charts(without: Measured, cached: Measured): string {
  const both = (of: (run: Measured) => readonly number[]): Series[] => [
    { kind: 'without', label: 'without', values: of(without) },
    { kind: 'cached', label: 'with cache', values: of(cached) },
  ]
  const perSecond = (of: 'reads' | 'statements') => both(({ seconds }) => seconds.map((second) => second[of]))
  const axis = `${Math.round(cached.elapsed / 1000)} s`
  return `${lines('Reads per second', perSecond('reads'), { unit: 'reads', axis })}
${lines('SQL statements per second', perSecond('statements'), { unit: 'statements', axis })}
${bars(
  'Read time',
  (['p50', 'p95', 'p99'] as const).map((label) => ({ label, bars: both((run) => [run[label]]) })),
  milliseconds,
)}`
}

function boardChart({ board }: Outcome): string {
  if (!board || board.lags.length === 0) return ''
  const values = board.lags.toSorted((a, b) => a - b)
  return lines(
    'Time until a score shows, of each watched score, sorted',
    [{ kind: 'board', label: 'score lag', values }],
    { unit: 'ms', axis: `${values.length} scores` },
  )
}

function method(): string {
  return `<section class="method"><h2>How this was measured</h2><ul>
<li>${VISITORS} visitors at once send HTTP requests. Each waits for its answer. A few of 2,000 products get most of them (Zipf’s law).
${WRITES} % of the requests write: prices are raised, and ${SCARCE} products of ${PIECES} pieces each are sold out.</li>
<li>A product is the join of ten tables. The cache starts empty in the second run.</li>
<li>A read is stale if it shows a lower price, or a higher count, than a write that had returned before the read began. Products,
pages and counts are checked.</li>
<li>Pieces oversold come from the tables: pieces sold, pieces left, and pieces there were.</li>
<li>SQL statements are counted at the driver, BEGIN and COMMIT included.</li>
<li>The leaderboard gets ${WRITES_PER_SECOND} scores and ${READS_PER_SECOND} reads a second by the clock, however fast it answers.</li>
<li>Services, visitors and PGlite, if it is used, share one process. Ratios say more than absolute figures. With a PostgreSQL
server, this process is the limit: reads per second rise less than SQL statements fall.</li>
</ul></section>`
}
