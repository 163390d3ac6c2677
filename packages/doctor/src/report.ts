import type { Finding, Level } from './finding.ts'

const HEADS: Readonly<Record<Level, string>> = {
  danger: 'DANGER: cached reads may be stale',
  warning: 'WARNING: promises are weaker than they could be',
  note: 'NOTE',
}

/**
 * Formats findings as text, the worst first, each with what to do.
 * @returns several lines, ending with the number of findings of each level. One line if there are none.
 * @example
 * ```ts
 * import { report } from '@larder/doctor'
 *
 * const [subject, message, fix] = ['public.orders', 'has a trigger', 'declare what it changes']
 * console.log(report([{ level: 'warning', code: 'trigger', subject, message, fix }]))
 * ```
 */
export function report(findings: readonly Finding[]): string {
  const lines: string[] = []
  for (const level of ['danger', 'warning', 'note'] as const) {
    const some = findings.filter((finding) => finding.level === level)
    if (some.length) lines.push(HEADS[level])
    for (const { code, subject, message, fix } of some)
      lines.push(`  ${subject} ${message}`, `    → ${fix} [${code}]`)
    if (some.length) lines.push('')
  }
  const count = (level: Level): string => {
    const number = findings.filter((finding) => finding.level === level).length
    return `${number} ${level}${number === 1 ? '' : 's'}`
  }
  lines.push(
    findings.length
      ? `${count('danger')}, ${count('warning')}, ${count('note')}`
      : 'No findings: the database is what is declared',
  )
  return lines.join('\n')
}
