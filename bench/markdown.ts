import { describeMachine, type Machine } from './machine.ts'
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
  if (Object.keys(groups).length === 0) return '*Nothing was measured.*'
  const lines = Object.entries(groups).map(([name, group]) => {
    const spread = spreadOfRatios(group)
    return [
      name,
      `${group.date.slice(0, 16).replace('T', ' ')} UTC`,
      group.run,
      `${Math.round(group.seconds)} s`,
      group.machine.commit ?? '–',
      versionsIn(group.servers ?? {}).join(', ') || '–',
      spread === undefined ? '–' : `±${Math.round(spread * 100)}%`,
    ]
  })
  const heads = ['group', 'measured', 'run', 'took', 'commit', 'servers', 'spread of its ratios']
  return `${machinesOf(groups)}\n\n${markdownTable(heads, lines)}${warningOf(groups)}`
}

/** One sentence if all groups were measured with the same; else one for each machine, with its groups. */
function machinesOf(groups: Results['groups']): string {
  const described = Object.entries(groups).map(([name, { machine }]) => ({ name, text: describe(machine) }))
  const distinct = Object.entries(Object.groupBy(described, ({ text }) => text))
  if (distinct.length === 1) return sentence(distinct[0]?.[0] ?? '')
  return distinct
    .map(([text, measured = []]) => sentence(`- ${measured.map(({ name }) => name).join(', ')}: ${text}`))
    .join('\n')
}

function describe(machine: Machine): string {
  const { node: _, ...packages } = machine.versions
  return `${describeMachine(machine)}; ${versionsIn(packages).join(', ')}`
}

function versionsIn(versions: Readonly<Record<string, string>>): string[] {
  // PostgreSQL names its package after its version.
  return Object.entries(versions)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, version]) => `${name} ${version.split(' ')[0]}`)
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
