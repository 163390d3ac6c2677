import { describeMachine } from './machine.ts'
import type { Results } from './results.ts'
import { cell, type Sheet } from './sheet.ts'
import { boundOf, judge } from './targets.ts'

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
  const outcomes = judge(results)
  const met = outcomes.filter(({ verdict }) => verdict === 'met').length
  const lines = outcomes.map((each) => [
    each.name,
    boundOf(each),
    cell(each, each.unit),
    each.verdict === 'met' ? 'met' : `**${each.verdict}**`,
  ])
  return `${met} of ${outcomes.length} are met. Unclear: the spread of the figure reaches over the bound.\n\n${markdownTable(['target', 'bound', 'figure', ''], lines)}`
}

/** Where the figures come from: machine, versions, and when each group was measured. */
export function origins({ groups }: Results): string {
  const [first] = Object.values(groups)
  if (!first) return '*Nothing was measured.*'
  const { node: _, ...packages } = first.machine.versions
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`)
  const lines = Object.entries(groups).map(([name, { date, run, seconds }]) => [
    name,
    `${date.slice(0, 16).replace('T', ' ')} UTC`,
    run,
    `${Math.round(seconds)} s`,
  ])
  return `${describeMachine(first.machine)}; ${versions.join(', ')}.\n\n${markdownTable(['group', 'measured', 'run', 'took'], lines)}`
}

function markdownTable(heads: readonly string[], lines: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const rule = heads.map((_, at) => (at === 0 ? '---' : '---:'))
  return [line(heads), line(rule), ...lines.map(line)].join('\n')
}

function sentence(text: string): string {
  return `${text}.`
}
