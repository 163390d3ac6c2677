import type { Results } from './results.ts'
import { cell, type Figure, type Sheet } from './sheet.ts'
import { table } from './table.ts'
import { format, type Unit } from './units.ts'

/** A bound that a figure of this release has to keep. */
export interface Target {
  readonly name: string
  readonly group: string
  readonly sheet: string
  readonly row: string
  readonly column: string
  readonly least?: number
  readonly most?: number
  /** A quick run does not measure the row. */
  readonly fullOnly?: boolean
}

export interface Outcome {
  readonly name: string
  readonly unit: Unit
  readonly least?: number
  readonly most?: number
  readonly value: number
  readonly spread?: number
  readonly result: TargetResult
}

/** `unclear`: the spread of the figure reaches over the bound. */
export type TargetResult = 'met' | 'not met' | 'unclear'

const [BY_HAND, PIPELINED, BENTO, PLAIN, FLOOR] = [
  '× by hand',
  '× pipelined',
  '× bento',
  '× plain',
  '× floor',
] as const

const throughput = (sheet: string, mode: string, column: string, least: number): Target => ({
  name: `64 in flight, ${sheet.replace('-', ' table(s), ').replace('-64', '')}: ${mode} ${column}`,
  group: 'throughput',
  sheet,
  row: `Larder, ${mode}`,
  column,
  least,
})

const most = (name: string, [group, sheet, row, column]: readonly string[], bound: number): Target => ({
  name,
  group: group as string,
  sheet: sheet as string,
  row: row as string,
  column: column as string,
  most: bound,
})

const HOSTS = ['Prisma', 'Drizzle'] as const
const VALIDATE = 'Larder, Valkey, validate'

/** In the order of the issue that set them. */
export const TARGETS: readonly Target[] = [
  throughput('1-300 B-64', 'validate', BY_HAND, 1.8),
  throughput('1-300 B-64', 'validate', PIPELINED, 0.8),
  throughput('3-300 B-64', 'validate', BY_HAND, 1.1),
  throughput('3-300 B-64', 'validate', PIPELINED, 0.5),
  throughput('1-300 B-64', 'off', BY_HAND, 1.2),
  throughput('1-300 B-64', 'off', PIPELINED, 0.5),
  throughput('3-300 B-64', 'off', BY_HAND, 0.8),
  throughput('3-300 B-64', 'off', PIPELINED, 0.3),
  throughput('1-300 B-64', 'push', BENTO, 2),
  throughput('1-30 kB-64', 'push', BENTO, 1.2),
  most('store hit, validate × floor', ['hits', 'one-at-a-time', 'Larder, validate: 1 table', FLOOR], 1.15),
  most('store hit, off × floor', ['hits', 'one-at-a-time', 'Larder, off: 1 table', FLOOR], 1.3),
  most('Prisma memory hit × floor', ['prisma', 'hit', 'Larder: hit', FLOOR], 1.35),
  {
    name: 'burst × prisma-extension-redis',
    group: 'burst',
    sheet: 'burst',
    row: 'Larder',
    column: '× peer',
    least: 1.2,
  },
  most('Drizzle prepared hit, validate × plain', ['drizzle-hits', 'prepared', 'Larder, validate', PLAIN], 1),
  most('Drizzle prepared hit, off × plain', ['drizzle-hits', 'prepared', 'Larder, off', PLAIN], 1),
  ...HOSTS.flatMap((host) =>
    (
      [
        [10, 1.5],
        [100, 1.35],
        [500, 1.25],
      ] as const
    ).map(([rows, bound]) =>
      most(`${host}: miss of ${rows} rows × plain`, ['misses', `${host}-${rows}`, VALIDATE, PLAIN], bound),
    ),
  ),
  ...HOSTS.flatMap((host) => [
    most(`${host}: update × plain, memory`, ['updates', `${host}-1`, 'Larder, memory', PLAIN], 1.1),
    most(`${host}: update × plain, Valkey`, ['updates', `${host}-1`, 'Larder, Valkey', PLAIN], 1.4),
    most(
      `${host}: update × plain, Valkey, 8 in flight`,
      ['updates', `${host}-8`, 'Larder, Valkey', PLAIN],
      1.2,
    ),
  ]),
  most(
    'import of @larder/drizzle',
    ['imports', 'imports', '@larder/drizzle, after what it needs', 'time'],
    100,
  ),
  ...['memoryStore()', 'Valkey, validate', 'Valkey, push'].map((keeper) => ({
    ...most(`heap for a kept row of 300 B: ${keeper}`, ['heap', 'heap', `${keeper}: 300 B`, 'taken'], 2_000),
    fullOnly: keeper !== 'memoryStore()',
  })),
  ...['300 B', '3 kB', '30 kB'].map((size) => ({
    name: `what maxBytes counts of a row of ${size}`,
    group: 'heap',
    sheet: 'heap',
    row: `memoryStore(): ${size}`,
    column: 'counted ÷ taken',
    least: 0.8,
    most: 1.2,
  })),
  {
    name: "storm: hits with maxStaleness: '100ms'",
    group: 'storm',
    sheet: 'storm',
    row: "maxStaleness: '100ms'",
    column: 'hits',
    least: 0.99,
  },
  most('storm, strict: p99 × quiet', ['storm', 'storm', 'strict', 'p99 × quiet'], 1.5),
]

/** Of those targets whose group was measured. */
export function compareWithTarget({ groups }: Pick<Results, 'groups'>): readonly Outcome[] {
  return TARGETS.flatMap((target) => {
    const { sheets, run } = groups[target.group] ?? {}
    const sheet = sheets?.find(({ id }) => id === target.sheet)
    if (!sheet || (target.fullOnly && run === 'quick')) return []
    const { figure, unit } = find(sheet, target)
    const { name, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = target
    return [
      {
        name,
        unit,
        ...(target.least !== undefined && { least }),
        ...(target.most !== undefined && { most }),
        ...figure,
        result: resultOf(figure, least, most),
      },
    ]
  })
}

function resultOf({ value, spread = 0 }: Figure, least: number, most: number): TargetResult {
  const within = (each: number): boolean => each >= least && each <= most
  const results = [1 - spread, 1, 1 + spread].map((factor) => within(value * factor))
  if (results.every(Boolean)) return 'met'
  return results.some(Boolean) ? 'unclear' : 'not met'
}

/** @throws Error if there is no such row or column: a target must not vanish with a name. */
function find(sheet: Sheet, { name, row, column }: Target): { figure: Figure; unit: Unit } {
  const at = sheet.columns.findIndex((each) => each.name === column)
  const { rows } = sheet
  const measured =
    rows.find((each) => each.name === row) ?? rows.find((each) => each.name.startsWith(`${row},`))
  const figure = measured?.figures[at]
  const unit = sheet.columns[at]?.unit
  if (!figure || !unit) throw new Error(`Target '${name}': '${sheet.title}' has no '${row}' with '${column}'`)
  return { figure, unit }
}

export function boundOf({ least, most, unit }: Outcome): string {
  if (least !== undefined && most !== undefined) return `${format(least, unit)} – ${format(most, unit)}`
  return least !== undefined ? `≥ ${format(least, unit)}` : `≤ ${format(most as number, unit)}`
}

export function printedOutcomes(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((each) => [each.name, boundOf(each), cell(each, each.unit), each.result])
  const met = outcomes.filter(({ result }) => result === 'met').length
  return `\nTargets of this release: ${met} of ${outcomes.length} met\n\n${table(['target', 'bound', 'figure', ''], rows)}`
}
