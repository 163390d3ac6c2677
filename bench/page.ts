import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { barChart } from './chart.ts'
import { GROUPS } from './groups.ts'
import { markdownOutcomes, markdownSheet, origins } from './markdown.ts'
import { type Results, readResults } from './results.ts'
import type { Sheet } from './sheet.ts'

// `npm run bench:page`: writes the figures of bench/results.json into the pages, between comments that name them, and
// draws the charts. What stands around the figures is written by hand.

const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url))
const PAGES = ['performance', 'scale', 'measurements']
/** `<!-- figures: GROUP/SHEET -->`, what was written there last, `<!-- end -->`. */
const PLACE = /<!-- figures: (.+?) -->\n[\s\S]*?<!-- end -->/g

/** What is drawn: a column of a sheet. */
const CHARTS = [
  {
    file: 'throughput-1-table',
    sheet: 'throughput/1-300 B-64',
    column: 'requests',
    title: 'Hits a second: 1 table, rows of 300 B, 64 in flight',
  },
  {
    file: 'throughput-3-tables',
    sheet: 'throughput/3-300 B-64',
    column: 'requests',
    title: 'Hits a second: 3 tables, rows of 300 B, 64 in flight',
  },
  {
    file: 'throughput-30-kb',
    sheet: 'throughput/1-30 kB-64',
    column: 'requests',
    title: 'Hits a second: 1 table, rows of 30 kB, 64 in flight',
  },
  { file: 'burst', sheet: 'burst/burst', column: 'warm', title: 'Prisma: requests a second, 5,000 at once' },
  {
    file: 'drizzle-hits',
    sheet: 'drizzle-hits/prepared',
    column: 'median',
    title: 'Drizzle over Valkey: time of a prepared hit, one at a time',
  },
  {
    file: 'fleet',
    sheet: 'scale/fleet',
    column: 'busiest',
    title: 'Simulated: how busy the busiest of 50 shards is',
  },
] as const

const results = readResults(path('results.json'))
if (!results) throw new Error('Measure first: npm run bench -- --json bench/results.json')
writePages(results)
drawCharts(results)

function writePages(all: Results): void {
  for (const page of PAGES) {
    const file = path(`../docs/${page}.md`)
    const text = readFileSync(file, 'utf8')
    const written = text.replace(
      PLACE,
      (_, name: string) => `<!-- figures: ${name} -->\n\n${figures(all, name)}\n\n<!-- end -->`,
    )
    writeFileSync(file, written)
  }
}

function figures(all: Results, name: string): string {
  if (name === 'targets') return markdownOutcomes(all)
  if (name === 'origins') return origins(all)
  if (name === 'all') return everySheet(all)
  const sheet = sheetOf(all, name)
  if (!sheet) return notMeasured(name)
  const chart = CHARTS.find((each) => each.sheet === name)
  const picture = chart ? `![${chart.title}](pictures/${chart.file}.svg)\n\n` : ''
  return `${picture}${markdownSheet(sheet)}`
}

/** Every table of every group, in the order of a run. */
function everySheet({ groups }: Results): string {
  return Object.entries(GROUPS)
    .flatMap(([name, { about }]) => {
      const sheets = groups[name]?.sheets ?? []
      return sheets.length > 0 ? [[`## ${name}: ${about}`, ...sheets.map(markdownSheet)].join('\n\n')] : []
    })
    .join('\n\n')
}

function notMeasured(name: string): string {
  const [group] = name.split('/')
  return `*Not measured yet. \`npm run bench -- --group ${group}\` measures it.*`
}

function drawCharts(all: Results): void {
  for (const { file, sheet: name, column, title } of CHARTS) {
    const sheet = sheetOf(all, name)
    if (!sheet) continue
    const at = sheet.columns.findIndex((each) => each.name === column)
    const unit = sheet.columns[at]?.unit
    if (!unit) throw new Error(`'${sheet.title}' has no column '${column}'`)
    const bars = sheet.rows.map((row) => ({
      name: row.name,
      value: row.figures[at]?.value ?? 0,
      // In a simulation every row is Larder's.
      ours: name === 'scale/fleet' || row.name.startsWith('Larder'),
    }))
    writeFileSync(path(`../docs/pictures/${file}.svg`), barChart({ title, unit, bars }))
  }
}

function sheetOf({ groups }: Results, name: string): Sheet | undefined {
  const [group = '', id] = name.split('/')
  return groups[group]?.sheets.find((sheet) => sheet.id === id)
}
