import type { Finding, Level } from './finding.ts'

const HEADS: Readonly<Record<Level, string>> = {
  danger: 'DANGER: cached reads may be stale',
  warning: 'WARNING: weaker than it could be',
  note: 'NOTE',
}

/** Findings for people, worst first, with what to do about each. */
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
      : 'Nothing found: what is declared is what is there',
  )
  return lines.join('\n')
}
