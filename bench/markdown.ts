import { describeMachine } from './machine.ts'
import type { GroupResult, Results } from './results.ts'
import { cell, type Sheet } from './sheet.ts'
import { median } from './statistics.ts'
import { boundOf, compareWithTarget } from './targets.ts'

export function markdownSheet({ title, note, columns, rows }: Sheet): string {
  const lines = rows.map(({ name, figures }) => [
    name,
    ...figures.map((figure, at) => (figure ? cell(figure, columns[at]?.unit) : '–')),
  ])
  const text = note ? `${sentence(title)} ${note.replaceAll('\n', ' ')}` : sentence(title)
  return `${text}\n\n${markdownTable(['case', ...columns.map(({ name }) => name)], lines)}`
}

/** The targets of this release, as the figures decide. */
export function markdownOutcomes(results: Results): string {
  const outcomes = compareWithTarget(results)
  const met = outcomes.filter(({ result }) => result === 'met').length
  const lines = outcomes.map((each) => [
    each.name,
    boundOf(each),
    cell(each, each.unit),
    each.result === 'met' ? 'met' : `**${each.result}**`,
  ])
  return `${met} of ${outcomes.length} are met. Unclear: the spread of the figure reaches over the bound.\n\n${markdownTable(['target', 'bound', 'figure', ''], lines)}`
}

/** Above this spread of its ratios, a group was hardly measured on a quiet machine. */
const STEADY_SPREAD = 0.25

/** Where the figures come from: machine, versions, when each group was measured, and how steady it was. */
export function origins({ groups }: Results): string {
  const [first] = Object.values(groups)
  if (!first) return '*Nothing was measured.*'
  const { node: _, ...packages } = first.machine.versions
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`)
  const lines = Object.entries(groups).map(([name, group]) => {
    const spread = spreadOfRatios(group)
    return [
      name,
      `${group.date.slice(0, 16).replace('T', ' ')} UTC`,
      group.run,
      `${Math.round(group.seconds)} s`,
      spread === undefined ? '–' : `±${Math.round(spread * 100)}%`,
    ]
  })
  const heads = ['group', 'measured', 'run', 'took', 'spread of its ratios']
  return `${describeMachine(first.machine)}; ${versions.join(', ')}.\n\n${markdownTable(heads, lines)}${warningOf(groups)}`
}

function warningOf(groups: Results['groups']): string {
  const unsteady = Object.keys(groups).filter((name) => (spreadOfRatios(groups[name]) ?? 0) > STEADY_SPREAD)
  if (unsteady.length === 0) return ''
  return `\n\n**Take the figures of ${unsteady.join(', ')} as orders of magnitude.** Their ratios spread by more than ${STEADY_SPREAD * 100} %, as they do while other programs use the machine.`
}

/** The median of the spreads of a group. Undefined: it has no ratios. */
function spreadOfRatios(group: GroupResult | undefined): number | undefined {
  const spreads = (group?.sheets ?? []).flatMap(({ columns, rows }) =>
    rows.flatMap(({ figures }) =>
      figures.flatMap((figure, at) =>
        // A case compared with itself has none.
        columns[at]?.unit === '×' && figure?.spread ? [figure.spread] : [],
      ),
    ),
  )
  return spreads.length > 0 ? median(spreads) : undefined
}

function markdownTable(heads: readonly string[], lines: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const rule = heads.map((_, at) => (at === 0 ? '---' : '---:'))
  return [line(heads), line(rule), ...lines.map(line)].join('\n')
}

function sentence(text: string): string {
  return `${text}.`
}
