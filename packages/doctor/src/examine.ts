import type { Schema } from '@larder/core'
import type { Catalogue } from './catalogue.ts'
import { compare, type Use } from './compare/compare.ts'
import { compareServer } from './compare/server.ts'
import type { Finding, Level } from './finding.ts'

/** What is examined. */
export interface Examined extends Use {
  /** The tables as a client's cache knows them, if a database is to be compared with them. */
  readonly schema?: Schema
  /** What the database says of itself. */
  readonly catalogue?: Catalogue
  /** What the releases of a rolling deploy do not know of each other. */
  readonly releases?: readonly Finding[]
  /** What the store's servers were found to be set to. */
  readonly advice?: readonly Finding[]
  /** Findings to leave out: `code`, or `code:subject`. */
  readonly ignore?: readonly string[]
}

const WEIGHT: Readonly<Record<Level, number>> = { danger: 0, warning: 1, note: 2 }

/** Compares what is declared with what is there, worst first. Pure. */
export function examine({
  schema,
  catalogue,
  releases = [],
  advice = [],
  ignore = [],
  ...use
}: Examined): readonly Finding[] {
  const findings = [
    ...(catalogue && schema ? compare(schema, catalogue, use) : []),
    ...(catalogue ? compareServer(catalogue) : []),
    ...releases,
    ...advice,
  ]
  const heard = findings.filter(
    ({ code, subject }) => !ignore.includes(code) && !ignore.includes(`${code}:${subject}`),
  )
  return inOneLine(heard, 'text-key').sort(
    (a, b) => WEIGHT[a.level] - WEIGHT[b.level] || (a.subject < b.subject ? -1 : 1),
  )
}

/** Most tables that such a line names. */
const MOST_NAMED = 5

/** Notes of one code that nearly every table may have are one note: as many lines would bury the rest. */
function inOneLine(findings: readonly Finding[], code: string): Finding[] {
  const several = findings.filter((finding) => finding.code === code)
  const [first] = several
  if (!first || several.length === 1) return [...findings]
  const named = several
    .slice(0, MOST_NAMED)
    .map(({ subject, message }) => `${subject} ${message.split(',')[0]}`)
  const more = several.length - named.length
  const rest = first.message.slice(first.message.indexOf(', by which'))
  const line: Finding = {
    ...first,
    subject: `${several.length} tables`,
    message: `have text keys: ${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}${rest}`,
  }
  return [...findings.filter((finding) => finding.code !== code), line]
}
